#include "core/project/project_head.h"

#include "core/base/error.h"
#include "core/project/project_store.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <random>
#include <string_view>

namespace bitlathe {

namespace {

constexpr std::string_view kMagic = "BITLATHE PROJECT\n";

// The rest of the line that starts with `word` and a blank.
std::string lineAfter(std::string_view text, std::string_view word) {
    const std::string wanted = "\n" + std::string(word) + " ";
    const auto at = text.find(wanted);
    if (at == std::string_view::npos) return {};
    const auto from = at + wanted.size();
    return std::string(text.substr(from, text.find('\n', from) - from));
}

}  // namespace

bool isProjectHead(std::span<const std::byte> bytes) noexcept {
    return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::string headText(const ProjectHead& head) {
    std::string text = std::string(kMagic) + "version " + std::to_string(head.version) + "\ngeneration " + head.generation + "\nfollows " + head.follows +
                       "\n\nA project of Bitlathe: a recipe, its history and its results. From byte 512 on this is an\n"
                       "HDF5 file, which h5dump, HDFView and h5py open as it is.\n";
    text.resize(ProjectStore::kHeadBytes, '\0');
    return text;
}

ProjectHead readHead(const std::filesystem::path& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) refuseInput("cannot open '" + path.string() + "': " + systemReason(errno) + "; check the path and the permissions");
    std::array<char, ProjectStore::kHeadBytes> bytes{};
    file.read(bytes.data(), bytes.size());
    const std::string_view text(bytes.data(), std::size_t(file.gcount()));
    if (!isProjectHead(std::as_bytes(std::span(text)))) refuseInput("'" + path.string() + "' is no Bitlathe project; open it as a model, or choose another file");
    ProjectHead head;
    const std::string version = lineAfter(text, "version");
    std::from_chars(version.data(), version.data() + version.size(), head.version);
    head.generation = lineAfter(text, "generation");
    head.follows = lineAfter(text, "follows");
    if (head.version < 1 || head.generation.size() != 32) refuseInput("'" + path.string() + "' has a damaged head; use an older copy of it");
    if (head.version > ProjectStore::kVersion)
        refuseInput("'" + path.string() + "' is a project of version " + std::to_string(head.version) + ", made by a newer Bitlathe; this one reads up to version " +
                    std::to_string(ProjectStore::kVersion) + ": update it");
    return head;
}

std::string newGeneration() {
    std::random_device random;
    std::string text;
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int word = 0; word < 4; ++word) {
        std::uint32_t bits = random();
        for (int digit = 0; digit < 8; ++digit, bits >>= 4) text += kDigits[bits & 15];
    }
    return text;
}

}  // namespace bitlathe
