// One scale per tensor, channel or group, with how many scales each would store. Knows no models.
#pragma once

#include "core/quant/scheme.h"

#include <QWidget>
#include <array>
#include <cstdint>
#include <optional>

class QButtonGroup;
class QComboBox;
class QLabel;

namespace bitlathe {

class GranularityEditor : public QWidget {
    Q_OBJECT
public:
    explicit GranularityEditor(QWidget* parent = nullptr);
    void show(const std::optional<Granularity>& common, std::optional<std::size_t> kind);
    // The format's own groups, which nobody chooses: shown, and forgotten by the next show().
    void showBlocks(int size);
    // Scales stored per tensor, channel and group of the size shown; for several layers their sum.
    void setScaleCounts(std::array<std::int64_t, 3> counts);
    int groupSize() const { return m_size; }

signals:
    void edited(const bitlathe::Granularity& granularity);
    void hovered(const bitlathe::Granularity& granularity);
    void hoverEnded();

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    Granularity of(int kind) const;
    void check(std::optional<std::size_t> kind);
    void sizeEntered(const QString& text);

    QButtonGroup* m_kinds;
    std::array<QLabel*, 3> m_counts{};
    QComboBox* m_sizes;
    int m_size = 128;
    bool m_inBlocks = false;
};

}  // namespace bitlathe
