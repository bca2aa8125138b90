#include "core/project/project_reading.h"

#include "core/base/error.h"
#include "core/hdf5/hdf5_file.h"
#include "core/project/project_head.h"

#include <cstdio>

namespace bitlathe {

namespace {

// Throws Error(Input) when the disk does not give all bytes.
void requireReadable(const std::filesystem::path& path) {
    FILE* in = std::fopen(path.c_str(), "rb");
    std::vector<char> piece(std::size_t(1) << 20);
    while (in && std::fread(piece.data(), 1, piece.size(), in) == piece.size()) {}
    const bool readable = in && !std::ferror(in);
    if (in) std::fclose(in);
    if (!readable) refuseInput("'" + path.string() + "' cannot be read; the disk may be failing");
}

}  // namespace

std::vector<std::string> recordKeys(const Hdf5File& file) {
    std::vector<std::string> keys;
    for (const std::string& name : file.groups("/")) {
        const auto inner = file.groups(name);
        for (const std::string& one : inner) keys.push_back(name + "/" + one);
        if (inner.empty()) keys.push_back(name);
    }
    return keys;
}

bool answers(const Hdf5File& file) {
    try {
        file.groups("/");
        return true;
    } catch (const Error&) {
        return false;
    }
}

std::unique_ptr<Hdf5File> readAgain(const std::filesystem::path& path, const std::string& generation) {
    try {
        auto fresh = std::make_unique<Hdf5File>(path.string());
        recordKeys(*fresh);
        if (readHead(path).generation != generation) refuseInput("'" + path.string() + "' was replaced by another program");
        requireReadable(path);
        return fresh;
    } catch (const Error& error) {
        throw Error(ErrorKind::Output, "what is in '" + path.string() + "' cannot be read again (" + error.message() +
                                           "); close other programs, copy the file, and try again. Nothing was changed");
    }
}

}  // namespace bitlathe
