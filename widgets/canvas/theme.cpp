#include "widgets/canvas/theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <QPalette>
#include <QProxyStyle>

#include "widgets/canvas/style_sheet.h"
#include "widgets/canvas/system_appearance.h"

namespace bitlathe {

namespace {

// What is chosen lives in the application object, whose life it shares.
constexpr const char* choiceProperty = "bitlatheThemeChoice";
constexpr const char* darkProperty = "bitlatheThemeDark";
constexpr const char* systemDarkProperty = "bitlatheSystemDark";

// Fusion without the underlines below mnemonics, with tool tips that come a little sooner.
class BitlatheStyle : public QProxyStyle {
public:
    BitlatheStyle() : QProxyStyle(QStringLiteral("Fusion")) {}
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const override {
        switch (hint) {
        case SH_UnderlineShortcut: return 0;
        case SH_ToolTip_WakeUpDelay: return 450;
        case SH_Slider_AbsoluteSetButtons: return Qt::LeftButton;
        case SH_EtchDisabledText: return 0;
        default: return QProxyStyle::styleHint(hint, option, widget, data);
        }
    }
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override {
        switch (metric) {
        case PM_SmallIconSize:
        case PM_ButtonIconSize: return 16;
        case PM_ToolBarIconSize: return 18;
        default: return QProxyStyle::pixelMetric(metric, option, widget);
        }
    }
};

QPalette paletteFor(const Colors& c) {
    QPalette p;
    const auto set = [&p](QPalette::ColorRole role, Rgba normal, Rgba disabled) {
        p.setColor(QPalette::Active, role, toQColor(normal));
        p.setColor(QPalette::Inactive, role, toQColor(normal));
        p.setColor(QPalette::Disabled, role, toQColor(disabled));
    };
    set(QPalette::Window, c.window, c.window);
    set(QPalette::WindowText, c.text, c.faint);
    set(QPalette::Base, c.panel, c.window);
    set(QPalette::AlternateBase, c.hover, c.hover);
    set(QPalette::ToolTipBase, c.tooltip, c.tooltip);
    set(QPalette::ToolTipText, c.text, c.faint);
    set(QPalette::PlaceholderText, c.dimmed, c.faint);
    set(QPalette::Text, c.text, c.faint);
    set(QPalette::Button, c.hover, c.window);
    set(QPalette::ButtonText, c.text, c.faint);
    set(QPalette::BrightText, c.refusal, c.refusal);
    set(QPalette::Light, mix(c.hover, {255, 255, 255}, 0.1f), c.hover);
    set(QPalette::Midlight, c.hover, c.hover);
    set(QPalette::Mid, c.border, c.border);
    set(QPalette::Dark, mix(c.window, {0, 0, 0}, 0.3f), c.window);
    set(QPalette::Shadow, {0, 0, 0}, {0, 0, 0});
    set(QPalette::Highlight, c.accent, c.border);
    set(QPalette::HighlightedText, c.onAccent, c.faint);
    set(QPalette::Link, c.accent, c.faint);
    set(QPalette::LinkVisited, c.accent, c.faint);
    return p;
}

void setUpOnce(QApplication& application) {
    application.setStyle(new BitlatheStyle);
    for (const char* weight : {"Regular", "Medium", "SemiBold"})
        QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/Inter-%1.otf").arg(QLatin1String(weight)));
    QFont font(QStringLiteral("Inter"));
    font.setPixelSize(13);
    font.setHintingPreference(QFont::PreferVerticalHinting);
    application.setFont(font);
    auto* system = new SystemAppearance(&application);
    QObject::connect(system, &SystemAppearance::preferred, &application, [&application](bool dark) {
        application.setProperty(systemDarkProperty, dark);
        if (themeChoice() == ThemeChoice::System) applyTheme(application, ThemeChoice::System);
    });
}

}  // namespace

void applyTheme(QApplication& application, ThemeChoice choice) {
    if (!application.property(choiceProperty).isValid()) setUpOnce(application);
    const QVariant system = application.property(systemDarkProperty);
    const bool dark = choice == ThemeChoice::System ? !system.isValid() || system.toBool() : choice == ThemeChoice::Dark;
    const bool same = application.property(darkProperty).isValid() && application.property(darkProperty).toBool() == dark;
    application.setProperty(choiceProperty, int(choice));
    application.setProperty(darkProperty, dark);
    if (same) return;
    // The style sheet first: it re-polishes every widget, and the palette event comes last.
    application.setStyleSheet(styleSheetFor(themeColors()));
    application.setPalette(paletteFor(themeColors()));
}

ThemeChoice themeChoice() {
    const QVariant choice = qApp ? qApp->property(choiceProperty) : QVariant();
    return choice.isValid() ? ThemeChoice(choice.toInt()) : ThemeChoice::Dark;
}

const Colors& themeColors() {
    const QVariant dark = qApp ? qApp->property(darkProperty) : QVariant();
    return dark.isValid() && !dark.toBool() ? lightColors() : darkColors();
}

QColor toQColor(Rgba c) { return {c.r, c.g, c.b, c.a}; }

QString htmlColor(Rgba c) { return toQColor(c).name(); }

}  // namespace bitlathe
