#include "core/formats/safetensors/folder_out.h"

#include "core/base/error.h"
#include "core/base/save_file.h"
#include "core/formats/safetensors/checkpoint.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>

namespace bitlathe::safetensors {

namespace fs = std::filesystem;

namespace {

// Files that an export writes: a folder of nothing else may be replaced by another one.
bool isOurs(const fs::path& path) {
    const std::string name = path.filename().string();
    std::error_code none;
    if (!fs::is_regular_file(fs::symlink_status(path, none))) return false;
    return (name.starts_with("model") && (name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json"))) || std::find(std::begin(kBesides), std::end(kBesides), name) != std::end(kBesides) ||
           std::find(std::begin(kTokenizerFiles), std::end(kTokenizerFiles), name) != std::end(kTokenizerFiles);
}

[[noreturn]] void fail(const fs::path& target, const std::string& what, const std::string& cure = "choose another place or free some room") {
    throw Error(ErrorKind::Output, "cannot write '" + target.string() + "': " + what + "; " + cure + ". Nothing was changed");
}

}  // namespace

FolderOut::FolderOut(fs::path target, const fs::path& source) : m_target(std::move(target)) {
    std::error_code none;
    if (!m_target.has_filename()) m_target = m_target.parent_path();
    if (m_target.extension() == ".safetensors" || m_target.extension() == ".json")
        throw Error(ErrorKind::Usage, "'" + m_target.string() + "' is named like a file, and this target writes a folder; leave out '" + m_target.extension().string() + "'");
    if (fs::exists(m_target, none)) {
        if (!fs::is_directory(m_target, none)) fail(m_target, "it exists and is no folder", "choose another name");
        if (fs::equivalent(m_target, source.has_parent_path() ? source.parent_path() : fs::path("."), none))
            throw Error(ErrorKind::Usage, "'" + m_target.string() + "' is where the source lies; a source is never overwritten, choose another folder");
        for (const auto& entry : fs::directory_iterator(m_target, none))
            if (!isOurs(entry.path())) fail(m_target, "the folder holds '" + entry.path().filename().string() + "', which no export wrote", "choose a new or an empty folder");
    }
    std::string name = m_target.string() + ".XXXXXX";
    if (!::mkdtemp(name.data())) fail(m_target, systemReason(errno));
    m_temporary = name;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(name.c_str(), 0777 & ~mask);
}

FolderOut::~FolderOut() {
    std::error_code none;
    if (!m_temporary.empty()) fs::remove_all(m_temporary, none);
}

void FolderOut::write(const std::string& name, std::string_view text) {
    SaveFile file(m_temporary / name);
    file.write(text);
    file.commit();
}

void FolderOut::copy(const fs::path& file) {
    std::error_code none, failed;
    if (!fs::is_regular_file(file, none)) return;
    fs::copy_file(file, m_temporary / file.filename(), failed);
    if (failed) fail(m_target, "'" + file.string() + "' cannot be copied: " + failed.message());
}

void FolderOut::commit() {
    std::error_code failed;
    fs::path old;
    if (fs::exists(m_target, failed)) {
        old = m_temporary.string() + ".old";
        fs::rename(m_target, old, failed);
        if (failed) fail(m_target, failed.message());
    }
    fs::rename(m_temporary, m_target, failed);
    if (failed) {
        std::error_code none;
        if (!old.empty()) fs::rename(old, m_target, none);
        fail(m_target, failed.message());
    }
    m_temporary.clear();
    if (!old.empty()) fs::remove_all(old, failed);
}

}  // namespace bitlathe::safetensors
