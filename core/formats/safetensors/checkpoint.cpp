#include "core/formats/safetensors/checkpoint.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/plain_text.h"
#include "core/formats/safetensors/index.h"

#include <algorithm>
#include <unordered_set>

namespace bitlathe::safetensors {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kLongestBeside = 100'000'000;  // larger files are no configuration

bool isIndex(const fs::path& path) { return path.filename().string().ends_with(kIndexEnding); }

// "model-00002-of-00003.safetensors": one of several.
bool isPart(const fs::path& path) {
    const std::string stem = path.stem().string();
    const auto of = stem.rfind("-of-");
    const auto digits = [&](std::size_t at, std::size_t end) { return at < end && std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(at), stem.begin() + static_cast<std::ptrdiff_t>(end), [](unsigned char c) { return c >= '0' && c <= '9'; }); };
    const auto dash = of == std::string::npos ? of : stem.rfind('-', of - 1);
    return of != std::string::npos && of > 0 && dash != std::string::npos && digits(dash + 1, of) && digits(of + 4, stem.size());
}

void addFile(Checkpoint& checkpoint, const fs::path& path, JobContext& job) {
    const auto file = MappedFile::open(path);
    Header header = parseHeader(file->bytes(), path.string(), job);
    checkpoint.files.push_back(file);
    for (HeaderEntry& entry : header.tensors) checkpoint.tensors.push_back({std::move(entry), file});
    for (auto& row : header.metadata) {
        const bool known = std::any_of(checkpoint.metadata.begin(), checkpoint.metadata.end(), [&](const auto& own) { return own.first == row.first; });
        if (!known && std::find(std::begin(kBesides), std::end(kBesides), row.first) == std::end(kBesides)) checkpoint.metadata.push_back(std::move(row));
    }
}

// Every tensor of the index is in the file that it names; others are left out.
void holdToIndex(Checkpoint& checkpoint, const Index& index) {
    std::unordered_set<std::string> found;
    const std::size_t all = checkpoint.tensors.size();
    std::erase_if(checkpoint.tensors, [&](const Entry& entry) {
        const auto row = index.of.find(entry.info.name);
        return row == index.of.end() || row->second != entry.file->path().filename().string() || !found.insert(entry.info.name).second;
    });
    for (const auto& [tensor, file] : index.of)
        if (!found.contains(tensor))
            refuseInput("'" + checkpoint.source.string() + "' places tensor '" + plainText(tensor) + "' in '" + file + "', which does not have it; fetch the model again");
    if (const std::size_t lost = all - checkpoint.tensors.size(); lost > 0)
        checkpoint.notes.push_back(std::to_string(lost) + (lost == 1 ? " tensor is" : " tensors are") + " in the files and not in the index: left out");
}

void readBesides(Checkpoint& checkpoint) {
    std::error_code none;
    for (const std::string_view name : kBesides) {
        const fs::path path = checkpoint.source.parent_path() / name;
        if (!fs::is_regular_file(path, none) || fs::file_size(path, none) > kLongestBeside) continue;
        const auto file = MappedFile::open(path);
        checkpoint.besides.emplace_back(name, std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()));
    }
}

}  // namespace

std::span<const std::byte> Entry::bytes() const noexcept { return file->bytes().subspan(info.offset, info.bytes); }

std::string_view Checkpoint::textOf(std::string_view fileName) const noexcept {
    for (const auto& [name, text] : besides)
        if (name == fileName) return text;
    return {};
}

Checkpoint openCheckpoint(const fs::path& path, JobContext& job) {
    Checkpoint checkpoint;
    checkpoint.source = isIndex(path) ? path : isPart(path) ? indexNaming(path, job) : fs::path();
    if (checkpoint.source.empty()) {
        checkpoint.source = path;
        addFile(checkpoint, path, job);
        if (isPart(path)) checkpoint.notes.push_back("one of several files, without the index that names the others: only its own tensors are here");
    } else {
        const Index index = readIndex(checkpoint.source, job);
        for (std::size_t i = 0; i < index.files.size(); ++i) {
            addFile(checkpoint, checkpoint.source.parent_path() / index.files[i], job);
            job.checkpoint(double(i) / double(index.files.size()), "reading " + index.files[i]);
        }
        holdToIndex(checkpoint, index);
    }
    readBesides(checkpoint);
    return checkpoint;
}

fs::path fileIn(const fs::path& folder) {
    std::vector<fs::path> indices, files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::error_code none;
        if (!entry.is_regular_file(none)) continue;
        if (isIndex(entry.path())) indices.push_back(entry.path());
        else if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
    }
    std::sort(indices.begin(), indices.end());
    std::sort(files.begin(), files.end());
    for (const auto& list : {indices, files}) {
        if (list.size() == 1) return list.front();
        for (const fs::path& path : list)
            if (path.filename().string().starts_with("model.")) return path;
        if (list.size() > 1)
            refuseInput("the folder '" + folder.string() + "' holds several models (" + list[0].filename().string() + ", " + list[1].filename().string() + (list.size() > 2 ? " …" : "") + "); open one of these files");
    }
    return {};
}

}  // namespace bitlathe::safetensors
