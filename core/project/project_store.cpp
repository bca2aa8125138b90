#include "core/project/project_store.h"

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/base/save_file.h"
#include "core/hdf5/hdf5_file.h"
#include "core/hdf5/hdf5_writer.h"
#include "core/project/journal.h"
#include "core/project/project_head.h"
#include "core/project/project_lock.h"
#include "core/project/project_reading.h"
#include "core/project/record_seal.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <map>
#include <mutex>
#include <variant>

namespace bitlathe {

namespace fs = std::filesystem;

namespace {

struct InFile {};
// Packed, not yet in the journal; null: the key is gone.
using Pending = std::shared_ptr<const std::vector<std::byte>>;
struct Place {
    std::variant<InFile, Journal::Place, Pending> at;
};

fs::path journalOf(const fs::path& project) { return project.string() + "-journal"; }

// Follows links, so that the lock and the journal lie beside the file itself.
fs::path realPath(const fs::path& path) {
    std::error_code none;
    const fs::path real = fs::weakly_canonical(path, none);
    return none ? path : real;
}

std::map<std::string, Place, std::less<>> indexOf(const Hdf5File& file) {
    std::map<std::string, Place, std::less<>> index;
    for (const std::string& key : recordKeys(file)) index[key] = {InFile{}};
    return index;
}

}  // namespace

struct ProjectStore::Impl {
    mutable std::mutex mutex;
    fs::path path;
    ProjectHead head;  // of the file; without a generation: there is none yet
    std::string whyReadOnly, note;
    bool recovered = false;
    std::unique_ptr<Hdf5File> file;
    std::optional<ProjectLock> lock;
    std::optional<Journal> journal;
    std::map<std::string, Place, std::less<>> index;
    std::vector<std::string> pending;  // keys, in the order of their first change

    std::optional<Hdf5Node> load(const std::string& key) const {
        const auto found = index.find(key);
        if (found == index.end()) return std::nullopt;
        const std::string source = path.string() + ": " + key;
        if (const auto* pendingBytes = std::get_if<Pending>(&found->second.at)) return *pendingBytes ? std::optional(unpackNode(**pendingBytes, source)) : std::nullopt;
        if (const auto* place = std::get_if<Journal::Place>(&found->second.at)) return unpackNode(journal->read(*place), source);
        Hdf5Node node = file->node(key);
        if (!unseal(node)) refuseInput("'" + path.string() + "' holds a record '" + key + "' that is damaged; use an older copy of it");
        return node;
    }

    void set(const std::string& key, Pending bytes) {
        Place& place = index[key];
        if (!std::holds_alternative<Pending>(place.at) || std::find(pending.begin(), pending.end(), key) == pending.end()) pending.push_back(key);
        place.at = std::move(bytes);
    }

    void requireEditable() const {
        if (!whyReadOnly.empty())
            throw Error(ErrorKind::Output, "'" + path.string() + "' is open for looking only, for " + whyReadOnly + "; save it under another name");
    }

    std::optional<Hdf5Node> loadToSave(const std::string& key, bool& checked, bool& damaged);
    // All records into a file, which is in place when this returns.
    std::unique_ptr<Hdf5File> writeTo(const fs::path& target, const ProjectHead& newHead) {
        SaveFile save(target, target.string() + "-saving");
        const std::string temporary = save.temporaryPath().string();
        std::vector<std::string> lost;
        std::size_t written = 0;
        bool checked = false;
        {
            Hdf5Writer writer(temporary, kHeadBytes);
            writer.attribute("/", "format", std::string("bitlathe project"));
            writer.attribute("/", "version", std::int64_t(newHead.version));
            writer.attribute("/", "program", std::string("bitlathe " BITLATHE_VERSION));
            writer.attribute("/", "about", std::string("A project of Bitlathe: a recipe for quantizing a network, its history and its results. Each group is one record; "
                                                       "an attribute NAME.unit is the unit of the attribute NAME."));
            for (const auto& [key, place] : index) {
                bool damaged = false;
                std::optional<Hdf5Node> node = loadToSave(key, checked, damaged);
                if (damaged) lost.push_back(key);
                if (!node) continue;
                seal(*node);
                writer.node(key, *node);
                ++written;
            }
            writer.close();
        }
        writeHead(temporary, newHead);
        auto reader = std::make_unique<Hdf5File>(temporary);
        if (indexOf(*reader).size() != written)
            throw Error(ErrorKind::Output, "what was written to '" + target.string() + "' does not read back; the disk may be failing: save in another place. Nothing was changed");
        save.commit();
        for (const std::string& key : lost) note += (note.empty() ? "" : "; ") + ("the record '" + key + "' was damaged and is left out");
        return reader;
    }

    static void writeHead(const std::string& path, const ProjectHead& head);
    void dropJournal() {
        journal.reset();
        std::error_code none;
        fs::remove(journalOf(path), none);
    }
    // After writeTo(): everything is in the file.
    void settle(std::unique_ptr<Hdf5File> reader, ProjectHead newHead) {
        file = std::move(reader);
        head = std::move(newHead);
        index = indexOf(*file);
        pending.clear();
        recovered = false;
    }
    bool replay(bool writable);
    void compactJournal();
};

void ProjectStore::Impl::writeHead(const std::string& path, const ProjectHead& head) {
    FILE* out = std::fopen(path.c_str(), "r+b");
    const std::string text = headText(head);
    const bool written = out && std::fwrite(text.data(), 1, text.size(), out) == text.size();
    if (const bool closed = out && std::fclose(out) == 0; !written || !closed)
        throw Error(ErrorKind::Output, "cannot write the head of '" + path + "'; free some room, or save in another place. Nothing was changed");
}

// A record is damaged only when a reader that works cannot read it: a reader that died says nothing about it.
// checked: the file was opened anew before, in this save.
std::optional<Hdf5Node> ProjectStore::Impl::loadToSave(const std::string& key, bool& checked, bool& damaged) {
    for (bool again = false;; again = true) {
        try {
            return load(key);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::Input) throw;
            damaged = !std::holds_alternative<InFile>(index.find(key)->second.at) || (checked && answers(*file));
            if (damaged) return std::nullopt;
            if (again)
                throw Error(ErrorKind::Output, "cannot save: the record '" + key + "' of '" + path.string() + "' cannot be read again (" + error.message() +
                                                   "); close other programs and save again, or use an older copy of the file. Nothing was changed");
            file = readAgain(path, head.generation);
            checked = true;
        }
    }
}

// What was overwritten again and again (an unfinished calibration is, every few seconds) must not fill the disk.
void ProjectStore::Impl::compactJournal() {
    constexpr std::uint64_t kLarge = std::uint64_t(32) << 20;
    if (journal->bytes() < kLarge) return;
    std::uint64_t live = 0;
    for (const auto& [key, place] : index)
        if (const auto* at = std::get_if<Journal::Place>(&place.at)) live += at->length;
    if (2 * live > journal->bytes()) return;
    std::vector<std::vector<std::byte>> values;
    std::vector<Journal::Change> changes;
    std::vector<Place*> places;
    for (auto& [key, place] : index) {
        const auto* at = std::get_if<Journal::Place>(&place.at);
        if (!at) continue;
        values.push_back(journal->read(*at));
        changes.push_back({key, values.back()});
        places.push_back(&place);
    }
    for (const auto& [key, place] : indexOf(*file))
        if (!index.contains(key)) changes.push_back({key, std::nullopt});
    Journal fresh = Journal::create(journalOf(path).string() + "-compact", head.generation);
    const auto moved = fresh.append(changes);
    fresh.moveTo(journalOf(path));
    journal = std::move(fresh);
    for (std::size_t i = 0; i < places.size(); ++i) places[i]->at = moved[i];
}

// Takes over the journal of this file. False: it belongs to another save of the file.
bool ProjectStore::Impl::replay(bool writable) {
    std::map<std::string, std::optional<Journal::Place>, std::less<>> found;
    auto there = Journal::open(journalOf(path), writable, [&](const std::string& key, std::optional<Journal::Place> place) { found[key] = place; });
    if (!there) return true;
    if (there->generation().empty()) return false;
    if (there->generation() != head.generation) {
        // A save that had put its file in place and was stopped before it could remove the journal.
        if (there->generation() == head.follows || there->empty()) {
            std::error_code none;
            if (writable) fs::remove(journalOf(path), none);
            return true;
        }
        return false;
    }
    recovered = !there->empty();
    journal = std::move(there);
    for (const auto& [key, place] : found) {
        if (place) index[key].at = *place;
        else index.erase(key);
    }
    return true;
}

ProjectStore::ProjectStore(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ProjectStore::~ProjectStore() = default;

bool ProjectStore::recognizes(std::span<const std::byte> head) noexcept { return isProjectHead(head); }

std::unique_ptr<ProjectStore> ProjectStore::open(const fs::path& given, Access access) {
    auto impl = std::make_unique<Impl>();
    impl->path = realPath(given);
    readHead(impl->path);  // what is no project gets no lock file beside it
    if (access == Access::Edit) impl->lock = ProjectLock::take(impl->path, impl->whyReadOnly);
    else impl->whyReadOnly = "it was opened for looking";
    const bool writable = impl->lock.has_value();
    std::error_code none;
    for (const char* unfinished : {"-saving", "-journal-new", "-journal-compact", "-journal-compact-new"})  // of writes that a crash cut short
        if (writable) fs::remove(impl->path.string() + unfinished, none);
    // Without the lock another window may save between our steps: then they are taken again.
    for (int tries = 0;; ++tries) {
        impl->head = readHead(impl->path);
        impl->file = std::make_unique<Hdf5File>(impl->path.string());
        impl->index = indexOf(*impl->file);
        const bool ours = impl->replay(writable);
        if (ours && readHead(impl->path) == impl->head) break;
        if (!writable && tries < 5) continue;
        if (!ours && writable) {
            const fs::path kept = journalOf(impl->path).string() + "-" + newGeneration().substr(0, 8);
            fs::rename(journalOf(impl->path), kept, none);
            if (none) refuseInput("'" + journalOf(impl->path).string() + "' holds edits that do not fit the project and cannot be renamed (" + none.message() + "); move it elsewhere");
            impl->note = "edits that are damaged, or belong to another copy of this project, were found beside it and are kept in '" + kept.string() + "'";
        }
        break;
    }
    return std::unique_ptr<ProjectStore>(new ProjectStore(std::move(impl)));
}

std::unique_ptr<ProjectStore> ProjectStore::create(const fs::path& given) {
    auto impl = std::make_unique<Impl>();
    impl->path = realPath(given);
    std::string why;
    impl->lock = ProjectLock::take(impl->path, why);
    if (!impl->lock) throw Error(ErrorKind::Output, "cannot make the project '" + impl->path.string() + "', for " + why + "; choose another place");
    return std::unique_ptr<ProjectStore>(new ProjectStore(std::move(impl)));
}

fs::path ProjectStore::path() const {
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->path;
}
bool ProjectStore::readOnly() const {
    const std::lock_guard lock(m_impl->mutex);
    return !m_impl->whyReadOnly.empty();
}
std::string ProjectStore::whyReadOnly() const {
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->whyReadOnly;
}
bool ProjectStore::recovered() const {
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->recovered;
}
std::string ProjectStore::note() const {
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->note;
}
bool ProjectStore::unsaved() const {
    const std::lock_guard lock(m_impl->mutex);
    return !m_impl->pending.empty() || (m_impl->journal && !m_impl->journal->empty()) || m_impl->head.generation.empty();
}

std::vector<std::string> ProjectStore::keys(std::string_view prefix) const {
    const std::lock_guard lock(m_impl->mutex);
    std::vector<std::string> keys;
    for (auto at = m_impl->index.lower_bound(prefix); at != m_impl->index.end() && at->first.starts_with(prefix); ++at) {
        const auto* pending = std::get_if<Pending>(&at->second.at);
        if (!pending || *pending) keys.push_back(at->first);
    }
    return keys;
}

bool ProjectStore::contains(std::string_view key) const {
    const std::lock_guard lock(m_impl->mutex);
    const auto found = m_impl->index.find(key);
    if (found == m_impl->index.end()) return false;
    const auto* pending = std::get_if<Pending>(&found->second.at);
    return !pending || *pending;
}

std::optional<Hdf5Node> ProjectStore::find(const std::string& key) const {
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->load(key);
}

void ProjectStore::put(const std::string& key, Hdf5Node node) {
    assert(key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == std::string::npos);
    normalise(node);
    auto bytes = std::make_shared<const std::vector<std::byte>>(pack(node));
    const std::lock_guard lock(m_impl->mutex);
    if (const auto found = m_impl->index.find(key); found != m_impl->index.end()) {
        if (const auto* place = std::get_if<Journal::Place>(&found->second.at)) {
            if (place->length == bytes->size() && place->sum == checksum(*bytes)) return;
        } else {
            try {
                if (const auto before = m_impl->load(key); before && pack(*before) == *bytes) return;
            } catch (const Error&) {  // damaged: it is replaced
            }
        }
    }
    m_impl->set(key, std::move(bytes));
}

void ProjectStore::erase(const std::string& key) {
    const std::lock_guard lock(m_impl->mutex);
    if (m_impl->index.contains(key)) m_impl->set(key, nullptr);
}

void ProjectStore::flush() {
    std::unique_lock lock(m_impl->mutex);
    if (m_impl->pending.empty()) return;
    m_impl->requireEditable();
    if (m_impl->head.generation.empty()) {
        lock.unlock();
        return save();
    }
    if (!m_impl->journal) m_impl->journal = Journal::create(journalOf(m_impl->path), m_impl->head.generation);
    std::vector<Journal::Change> changes;
    for (const std::string& key : m_impl->pending) {
        const Pending& bytes = std::get<Pending>(m_impl->index.find(key)->second.at);
        changes.push_back({key, bytes ? std::optional<std::span<const std::byte>>(*bytes) : std::nullopt});
    }
    const auto places = m_impl->journal->append(changes);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].value) m_impl->index[changes[i].key].at = places[i];
        else m_impl->index.erase(changes[i].key);
    }
    m_impl->pending.clear();
    m_impl->compactJournal();
}

void ProjectStore::save() {
    const std::lock_guard lock(m_impl->mutex);
    m_impl->requireEditable();
    std::error_code none;
    if (!m_impl->head.generation.empty() && fs::exists(m_impl->path, none) && readHead(m_impl->path).generation != m_impl->head.generation)
        throw Error(ErrorKind::Output, "'" + m_impl->path.string() + "' was replaced by another program since it was opened; save under another name, so that neither is lost");
    const ProjectHead head{kVersion, newGeneration(), m_impl->head.generation};
    auto reader = m_impl->writeTo(m_impl->path, head);
    m_impl->settle(std::move(reader), head);
    m_impl->dropJournal();
}

void ProjectStore::saveAs(const fs::path& given) {
    const std::lock_guard lock(m_impl->mutex);
    const fs::path target = realPath(given);
    std::optional<ProjectLock> lockOfTarget;
    if (target != m_impl->path || !m_impl->lock) {
        std::string why;
        lockOfTarget = ProjectLock::take(target, why);
        if (!lockOfTarget) throw Error(ErrorKind::Output, "cannot save to '" + target.string() + "', for " + why + "; choose another place");
    }
    const ProjectHead head{kVersion, newGeneration(), {}};
    auto reader = m_impl->writeTo(target, head);
    if (m_impl->lock) m_impl->dropJournal();
    else m_impl->journal.reset();
    m_impl->path = target;
    m_impl->settle(std::move(reader), head);
    m_impl->dropJournal();  // of what the target was before
    m_impl->whyReadOnly.clear();
    if (lockOfTarget) m_impl->lock = std::move(lockOfTarget);
}

void ProjectStore::discard() {
    const std::lock_guard lock(m_impl->mutex);
    if (m_impl->file && !answers(*m_impl->file)) m_impl->file = readAgain(m_impl->path, m_impl->head.generation);
    auto index = m_impl->file ? indexOf(*m_impl->file) : decltype(m_impl->index)();
    if (m_impl->lock) m_impl->dropJournal();
    else m_impl->journal.reset();
    m_impl->pending.clear();
    m_impl->index = std::move(index);
    m_impl->recovered = false;
}

}  // namespace bitlathe
