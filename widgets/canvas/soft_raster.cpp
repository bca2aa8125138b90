#include "widgets/canvas/soft_raster.h"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "widgets/canvas/blend.h"
#include "widgets/canvas/canvas_texture.h"

namespace bitlathe {

namespace {

constexpr int subpixels = 256;
constexpr float guardBand = 8192.0f;  // corners beyond it are cut off, so that integers never overflow

struct Clip {
    int left, top, right, bottom;  // half-open, inside the target
    bool empty() const { return left >= right || top >= bottom; }
};

struct Painter {
    PixelBuffer target;
    Clip clip{};
    const CanvasTexture* texture = nullptr;
    ImVec2 origin;  // ImDrawData::DisplayPos

    std::uint32_t* row(int y) const { return target.pixels + std::ptrdiff_t(y) * target.stride; }
};

struct Corner {
    float x, y, u, v;
    std::array<float, 4> color;  // red, green, blue, alpha in 0..255
};

std::int64_t snap(float v) { return std::int64_t(std::floor(v * subpixels + 0.5f)); }

// First pixel whose centre is at or after the snapped coordinate.
int firstPixel(std::int64_t snapped) {
    const std::int64_t shifted = snapped - subpixels / 2;
    return int((shifted + subpixels - 1) >> 8);
}

std::uint32_t texel(const CanvasTexture& t, float u, float v) {
    const auto x = int(std::clamp(u * float(t.width), 0.0f, float(t.width - 1)));
    const auto y = int(std::clamp(v * float(t.height), 0.0f, float(t.height - 1)));
    return t.pixels[std::size_t(y) * std::size_t(t.width) + std::size_t(x)];
}

std::uint32_t sample(const CanvasTexture& t, float u, float v) {
    if (!t.smooth) return texel(t, u, v);
    const float x = std::clamp(u, 0.0f, 1.0f) * float(t.width) - 0.5f, y = std::clamp(v, 0.0f, 1.0f) * float(t.height) - 0.5f;
    const float fx = std::floor(x), fy = std::floor(y);
    const auto wx = std::uint32_t((x - fx) * 256.0f), wy = std::uint32_t((y - fy) * 256.0f);
    const auto at = [&](int dx, int dy) {
        const int cx = std::clamp(int(fx) + dx, 0, t.width - 1), cy = std::clamp(int(fy) + dy, 0, t.height - 1);
        return t.pixels[std::size_t(cy) * std::size_t(t.width) + std::size_t(cx)];
    };
    const std::uint32_t corners[4] = {at(0, 0), at(1, 0), at(0, 1), at(1, 1)};
    std::uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const auto c = [&](int i) { return corners[i] >> shift & 255u; };
        const std::uint32_t top = c(0) * (256 - wx) + c(1) * wx, bottom = c(2) * (256 - wx) + c(3) * wx;
        out |= ((top * (256 - wy) + bottom * wy + 32768) >> 16) << shift;
    }
    return out;
}

bool isSolid(const Painter& p, const ImDrawVert& a, const ImDrawVert& b, const ImDrawVert& c) {
    return !p.texture || (a.uv.x == b.uv.x && a.uv.y == b.uv.y && a.uv.x == c.uv.x && a.uv.y == c.uv.y);
}

std::uint32_t tint(const Painter& p, const ImDrawVert& at) {
    return p.texture ? multiply(at.col, texel(*p.texture, at.uv.x, at.uv.y)) : at.col;
}

// --- rectangles: two triangles of one colour with straight sides --------------------------------

void fillRect(const Painter& p, int x0, int y0, int x1, int y1, std::uint32_t color) {
    x0 = std::max(x0, p.clip.left);
    x1 = std::min(x1, p.clip.right);
    y0 = std::max(y0, p.clip.top);
    y1 = std::min(y1, p.clip.bottom);
    if (x0 >= x1) return;
    const SolidBlend blend(color);
    for (int y = y0; y < y1; ++y) blend.span(p.row(y) + x0, x1 - x0);
}

// Glyphs and maps: `a` is the top left corner, `c` the bottom right one.
void fillTexturedRect(const Painter& p, const ImDrawVert& a, const ImDrawVert& c, int x0, int y0, int x1, int y1) {
    const CanvasTexture& t = *p.texture;
    const float width = c.pos.x - a.pos.x, height = c.pos.y - a.pos.y;
    const float du = (c.uv.x - a.uv.x) / width, dv = (c.uv.y - a.uv.y) / height;
    const float left = a.pos.x - p.origin.x, top = a.pos.y - p.origin.y;
    const int from = std::max(x0, p.clip.left), to = std::min(x1, p.clip.right);
    for (int y = std::max(y0, p.clip.top); y < std::min(y1, p.clip.bottom); ++y) {
        const float v = a.uv.y + (float(y) + 0.5f - top) * dv;
        std::uint32_t* out = p.row(y);
        for (int x = from; x < to; ++x) {
            const float u = a.uv.x + (float(x) + 0.5f - left) * du;
            const std::uint32_t color = multiply(a.col, sample(t, u, v));
            if (color >> 24) out[x] = blendPixel(out[x], color);
        }
    }
}

bool tryRect(const Painter& p, const ImDrawVert* vertices, const ImDrawIdx* index) {
    if (index[3] != index[0] || index[4] != index[2]) return false;
    const ImDrawVert &a = vertices[index[0]], &b = vertices[index[1]], &c = vertices[index[2]], &d = vertices[index[5]];
    const bool straight = a.pos.y == b.pos.y && b.pos.x == c.pos.x && c.pos.y == d.pos.y && d.pos.x == a.pos.x;
    const bool oneColor = a.col == b.col && b.col == c.col && c.col == d.col;
    if (!straight || !oneColor || !(a.pos.x < c.pos.x) || !(a.pos.y < c.pos.y)) return false;
    const auto near = [](ImVec2 v) { return std::abs(v.x) < guardBand && std::abs(v.y) < guardBand; };
    if (!near(a.pos) || !near(c.pos)) return false;
    const int x0 = firstPixel(snap(a.pos.x - p.origin.x)), x1 = firstPixel(snap(c.pos.x - p.origin.x));
    const int y0 = firstPixel(snap(a.pos.y - p.origin.y)), y1 = firstPixel(snap(c.pos.y - p.origin.y));
    if (isSolid(p, a, b, c) && isSolid(p, a, c, d)) {
        fillRect(p, x0, y0, x1, y1, tint(p, a));
        return true;
    }
    const bool straightUv = a.uv.y == b.uv.y && b.uv.x == c.uv.x && c.uv.y == d.uv.y && d.uv.x == a.uv.x;
    if (!straightUv) return false;
    fillTexturedRect(p, a, c, x0, y0, x1, y1);
    return true;
}

// --- triangles ---------------------------------------------------------------------------------

// The half plane a*x + b*y + c >= 0 on snapped corners, at pixel centres.
struct Edge {
    std::int64_t a, b, c;

    Edge(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
        const std::int64_t dx = x1 - x0, dy = y1 - y0;
        const bool topLeft = dy < 0 || (dy == 0 && dx > 0);
        a = -dy * subpixels;
        b = dx * subpixels;
        c = dy * x0 - dx * y0 + (b + a) / 2 - (topLeft ? 0 : 1);
    }

    // Narrows [first, last] to the pixels of row y that are inside.
    void narrow(int y, int& first, int& last) const {
        const std::int64_t rest = b * y + c;
        if (a == 0) {
            if (rest < 0) last = first - 1;
            return;
        }
        // Exact: the operands are below 2^53, and a quotient that is no integer is at least 2^-31 from one.
        const double quotient = -double(rest) / double(a);
        if (a > 0) {
            if (quotient > first) first = int(std::min(std::ceil(quotient), 1e9));
        } else {
            if (quotient < last) last = int(std::max(std::floor(quotient), -1e9));
        }
    }
};

// value(x, y) = base + dx * x + dy * y through three corners.
struct Plane {
    float base, dx, dy;

    Plane(const Corner& a, const Corner& b, const Corner& c, float va, float vb, float vc) {
        const double x1 = double(b.x) - a.x, y1 = double(b.y) - a.y, x2 = double(c.x) - a.x, y2 = double(c.y) - a.y;
        const double area = x1 * y2 - x2 * y1;
        const double v1 = double(vb) - va, v2 = double(vc) - va;
        double gx = (v1 * y2 - v2 * y1) / area, gy = (v2 * x1 - v1 * x2) / area;
        // A sliver has no slope worth following: one value for all of it.
        if (!(std::abs(gx) < 1e6) || !(std::abs(gy) < 1e6)) gx = gy = 0;
        dx = float(gx);
        dy = float(gy);
        base = float(va - gx * a.x - gy * a.y);
    }
    float at(int x, int y) const { return base + dx * (float(x) + 0.5f) + dy * (float(y) + 0.5f); }
};

template <typename Span>
void forEachSpan(const Painter& p, const Corner& a, const Corner& b, const Corner& c, Span&& span) {
    const std::int64_t ax = snap(a.x), ay = snap(a.y), bx = snap(b.x), by = snap(b.y), cx = snap(c.x), cy = snap(c.y);
    const std::int64_t area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    if (area == 0) return;
    const Edge edges[3] = {area > 0 ? Edge(ax, ay, bx, by) : Edge(bx, by, ax, ay),
                           area > 0 ? Edge(bx, by, cx, cy) : Edge(cx, cy, bx, by),
                           area > 0 ? Edge(cx, cy, ax, ay) : Edge(ax, ay, cx, cy)};
    const int top = std::max(firstPixel(std::min({ay, by, cy})), p.clip.top);
    const int bottom = std::min(firstPixel(std::max({ay, by, cy})), p.clip.bottom - 1);
    const int left = std::max(firstPixel(std::min({ax, bx, cx})), p.clip.left);
    const int right = std::min(firstPixel(std::max({ax, bx, cx})), p.clip.right - 1);
    if (left > right) return;
    for (int y = top; y <= bottom; ++y) {
        int first = left, last = right;
        for (const Edge& edge : edges) edge.narrow(y, first, last);
        if (first <= last) span(y, first, last + 1);
    }
}

std::uint32_t clampChannel(float v) { return std::uint32_t(std::clamp(v + 0.5f, 0.0f, 255.0f)); }

// The colour of a triangle that is one colour except for its opacity: the soft edges of lines.
void fillFading(const Painter& p, const Corner& a, const Corner& b, const Corner& c, std::uint32_t rgb) {
    const Plane alpha(a, b, c, a.color[3], b.color[3], c.color[3]);
    forEachSpan(p, a, b, c, [&](int y, int from, int to) {
        std::uint32_t* out = p.row(y);
        const float row = alpha.at(0, y);
        for (int x = from; x < to; ++x)
            out[x] = blendPixel(out[x], rgb | clampChannel(row + alpha.dx * float(x)) << 24);
    });
}

void fillGeneral(const Painter& p, const Corner& a, const Corner& b, const Corner& c, bool textured) {
    const auto plane = [&](int i) { return Plane(a, b, c, a.color[i], b.color[i], c.color[i]); };
    const Plane red = plane(0), green = plane(1), blue = plane(2), alpha = plane(3);
    const Plane u(a, b, c, a.u, b.u, c.u), v(a, b, c, a.v, b.v, c.v);
    forEachSpan(p, a, b, c, [&](int y, int from, int to) {
        std::uint32_t* out = p.row(y);
        for (int x = from; x < to; ++x) {
            std::uint32_t color = clampChannel(red.at(x, y)) | clampChannel(green.at(x, y)) << 8 |
                                  clampChannel(blue.at(x, y)) << 16 | clampChannel(alpha.at(x, y)) << 24;
            if (textured) color = multiply(color, sample(*p.texture, u.at(x, y), v.at(x, y)));
            if (color >> 24) out[x] = blendPixel(out[x], color);
        }
    });
}

Corner cornerOf(const Painter& p, const ImDrawVert& v, std::uint32_t color) {
    return {v.pos.x - p.origin.x, v.pos.y - p.origin.y, v.uv.x, v.uv.y,
            {float(color & 255u), float(color >> 8 & 255u), float(color >> 16 & 255u), float(color >> 24)}};
}

void fillTriangle(const Painter& p, const Corner& a, const Corner& b, const Corner& c, bool textured) {
    const bool oneHue = std::equal(a.color.begin(), a.color.begin() + 3, b.color.begin()) &&
                        std::equal(a.color.begin(), a.color.begin() + 3, c.color.begin());
    if (textured || !oneHue) return fillGeneral(p, a, b, c, textured);
    const std::uint32_t rgb =
        std::uint32_t(a.color[0]) | std::uint32_t(a.color[1]) << 8 | std::uint32_t(a.color[2]) << 16;
    if (a.color[3] != b.color[3] || a.color[3] != c.color[3]) return fillFading(p, a, b, c, rgb);
    const SolidBlend blend(rgb | std::uint32_t(a.color[3]) << 24);
    forEachSpan(p, a, b, c, [&](int y, int from, int to) { blend.span(p.row(y) + from, to - from); });
}

// Cuts a triangle that leaves the guard band along its four sides; rare, so written for brevity.
void fillFarTriangle(const Painter& p, const Corner& a, const Corner& b, const Corner& c, bool textured) {
    std::vector<Corner> polygon{a, b, c};
    for (int side = 0; side < 4 && polygon.size() >= 3; ++side) {
        const auto inside = [side](const Corner& k) {
            const float v = side < 2 ? k.x : k.y;
            return side % 2 ? guardBand - v : guardBand + v;
        };
        std::vector<Corner> kept;
        for (std::size_t i = 0; i < polygon.size(); ++i) {
            const Corner &from = polygon[i], &to = polygon[(i + 1) % polygon.size()];
            const float df = inside(from), dt = inside(to);
            if (df >= 0) kept.push_back(from);
            if ((df >= 0) == (dt >= 0)) continue;
            const float t = df / (df - dt);
            const auto between = [t](float m, float n) { return m + (n - m) * t; };
            Corner cut{between(from.x, to.x), between(from.y, to.y), between(from.u, to.u), between(from.v, to.v), {}};
            for (std::size_t k = 0; k < 4; ++k) cut.color[k] = between(from.color[k], to.color[k]);
            kept.push_back(cut);
        }
        polygon = std::move(kept);
    }
    for (std::size_t i = 2; i < polygon.size(); ++i) fillTriangle(p, polygon[0], polygon[i - 1], polygon[i], textured);
}

void drawTriangle(const Painter& p, const ImDrawVert& va, const ImDrawVert& vb, const ImDrawVert& vc) {
    if (((va.col | vb.col | vc.col) & IM_COL32_A_MASK) == 0) return;
    const bool solid = isSolid(p, va, vb, vc);
    const auto corner = [&](const ImDrawVert& v) {
        return cornerOf(p, v, solid && p.texture ? multiply(v.col, texel(*p.texture, va.uv.x, va.uv.y)) : v.col);
    };
    const Corner a = corner(va), b = corner(vb), c = corner(vc);
    float reach = 0;
    for (const Corner* k : {&a, &b, &c}) {
        if (!std::isfinite(k->x) || !std::isfinite(k->y)) return;
        reach = std::max({reach, std::abs(k->x), std::abs(k->y)});
    }
    if (reach < guardBand) fillTriangle(p, a, b, c, !solid);
    else fillFarTriangle(p, a, b, c, !solid);
}

void drawCommand(const Painter& p, const ImDrawVert* vertices, const ImDrawIdx* index, unsigned count) {
    for (unsigned i = 0; i + 2 < count;) {
        if (i + 5 < count && tryRect(p, vertices, index + i)) {
            i += 6;
            continue;
        }
        drawTriangle(p, vertices[index[i]], vertices[index[i + 1]], vertices[index[i + 2]]);
        i += 3;
    }
}

}  // namespace

void rasterize(const ImDrawData& data, PixelBuffer target, std::uint32_t background) {
    for (int y = 0; y < target.height; ++y)
        std::fill_n(target.pixels + std::ptrdiff_t(y) * target.stride, target.width, background | 0xFF000000u);
    Painter p{.target = target, .origin = data.DisplayPos};
    for (int l = 0; l < data.CmdListsCount; ++l) {
        const ImDrawList& list = *data.CmdLists[l];
        for (const ImDrawCmd& command : list.CmdBuffer) {
            if (command.UserCallback || command.ElemCount == 0) continue;
            const auto bound = [](float v, int limit) { return int(std::clamp(v, 0.0f, float(limit))); };
            p.clip = {bound(command.ClipRect.x - p.origin.x, target.width), bound(command.ClipRect.y - p.origin.y, target.height),
                      bound(command.ClipRect.z - p.origin.x, target.width), bound(command.ClipRect.w - p.origin.y, target.height)};
            if (p.clip.empty()) continue;
            p.texture = static_cast<const CanvasTexture*>(command.GetTexID());
            if (p.texture && p.texture->pixels.empty()) p.texture = nullptr;
            drawCommand(p, list.VtxBuffer.Data + command.VtxOffset, list.IdxBuffer.Data + command.IdxOffset, command.ElemCount);
        }
    }
}

}  // namespace bitlathe
