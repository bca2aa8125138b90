// The importance that the session works with, as jobs share it. Knows no windows.
#pragma once

#include "core/workflow/importance_record.h"

#include <memory>
#include <mutex>
#include <string>

namespace bitlathe {

struct ImportanceInUse {
    KeptImportance kept;
    std::string identity;  // kept.identity(), which reads all of it

    explicit ImportanceInUse(KeptImportance what) : kept(std::move(what)), identity(kept.identity()) {}
    const Importance* columns() const noexcept { return kept.importance.get(); }
};
using ImportancePtr = std::shared_ptr<const ImportanceInUse>;  // null: all columns count alike

inline const Importance* columnsOf(const ImportancePtr& importance) noexcept { return importance ? importance->columns() : nullptr; }

// Where the jobs find it. Any thread.
class ImportanceShelf {
public:
    ImportancePtr get() const {
        const std::lock_guard lock(m_mutex);
        return m_importance;
    }
    void set(ImportancePtr importance) {
        const std::lock_guard lock(m_mutex);
        m_importance.swap(importance);
    }

private:
    mutable std::mutex m_mutex;
    ImportancePtr m_importance;
};

}  // namespace bitlathe
