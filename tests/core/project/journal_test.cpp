#include "core/project/journal.h"

#include "core/base/error.h"
#include "tests/core/full_disk.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using testing_support::FileSizeLimit;
using testing_support::TemporaryFolder;

const std::string kGeneration(32, 'a');
using Contents = std::map<std::string, std::string>;

std::span<const std::byte> bytesOf(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

Contents contentsOf(const fs::path& path) {
    std::map<std::string, std::optional<Journal::Place>> found;
    const auto journal = Journal::open(path, false, [&](const std::string& key, std::optional<Journal::Place> place) { found[key] = place; });
    Contents contents;
    if (!journal) return {{"no journal", ""}};
    for (const auto& [key, place] : found) {
        if (!place) continue;
        const auto value = journal->read(*place);
        contents[key].assign(reinterpret_cast<const char*>(value.data()), value.size());
    }
    return contents;
}

// Three groups; the contents after each.
std::vector<Contents> fill(const fs::path& path, std::vector<std::uint64_t>* ends = nullptr) {
    Journal journal = Journal::create(path, kGeneration);
    std::vector<Contents> after = {{}};
    if (ends) ends->push_back(journal.bytes());
    const std::string large(200000, 'x');
    const std::vector<std::vector<Journal::Change>> groups = {{{"a", bytesOf("one")}, {"b", bytesOf("")}}, {{"a", std::nullopt}, {"large", bytesOf(large)}}, {{"a", bytesOf("two")}}};
    Contents now;
    for (const auto& group : groups) {
        journal.append(group);
        for (const auto& change : group) {
            if (change.value) now[change.key].assign(reinterpret_cast<const char*>(change.value->data()), change.value->size());
            else now.erase(change.key);
        }
        after.push_back(now);
        if (ends) ends->push_back(journal.bytes());
    }
    return after;
}

TEST(Journal, GivesBackWhatWasAppended) {
    const TemporaryFolder folder;
    const auto after = fill(folder / "j");
    EXPECT_EQ(contentsOf(folder / "j"), after.back());
    const auto journal = Journal::open(folder / "j", true, [](const auto&, auto) {});
    EXPECT_EQ(journal->generation(), kGeneration);
    EXPECT_FALSE(journal->empty());
    EXPECT_TRUE(Journal::create(folder / "k", kGeneration).empty());
    EXPECT_FALSE(Journal::open(folder / "none", true, [](const auto&, auto) {}));
}

TEST(Journal, EveryPrefixGivesTheGroupsThatAreWhole) {
    const TemporaryFolder folder;
    std::vector<std::uint64_t> ends;
    const auto after = fill(folder / "j", &ends);
    const std::string all = testing_support::fileText(folder / "j");
    for (std::size_t length = ends[0]; length <= all.size(); length += length < ends[1] + 200 || length > all.size() - 200 ? 1 : 17919) {
        std::ofstream(folder / "cut", std::ios::binary).write(all.data(), std::streamsize(length));
        std::size_t whole = 0;
        while (whole + 1 < ends.size() && ends[whole + 1] <= length) ++whole;
        ASSERT_EQ(contentsOf(folder / "cut"), after[whole]) << length;
        if (length % 16 != 0) continue;  // flushing to the disk takes its time
        // Opening it for writing cuts the rest off, and what is appended then is found.
        Journal journal = *Journal::open(folder / "cut", true, [](const auto&, auto) {});
        EXPECT_EQ(fs::file_size(folder / "cut"), ends[whole]);
        journal.append(std::vector<Journal::Change>{{"later", bytesOf("x")}});
        Contents later = after[whole];
        later["later"] = "x";
        ASSERT_EQ(contentsOf(folder / "cut"), later) << length;
    }
}

TEST(Journal, AFlippedByteNeverGivesOtherContents) {
    const TemporaryFolder folder;
    std::vector<std::uint64_t> ends;
    const auto after = fill(folder / "j", &ends);
    const std::string all = testing_support::fileText(folder / "j");
    for (std::size_t at = ends[0]; at < all.size(); at += at < ends[1] + 200 || at > all.size() - 200 ? 1 : 14999) {
        std::string broken = all;
        broken[at] = char(broken[at] ^ 0x10);
        std::ofstream(folder / "broken", std::ios::binary).write(broken.data(), std::streamsize(broken.size()));
        try {
            const Contents contents = contentsOf(folder / "broken");
            EXPECT_NE(std::find(after.begin(), after.end(), contents), after.end()) << at;
        } catch (const Error&) {  // the large value says that it is damaged
        }
    }
}

TEST(Journal, AFullDiskLeavesWhatWasThere) {
    const TemporaryFolder folder;
    Journal journal = Journal::create(folder / "j", kGeneration);
    journal.append(std::vector<Journal::Change>{{"a", bytesOf("kept")}});
    const std::string large(100000, 'x');
    {
        const FileSizeLimit limit(5000);
        EXPECT_THROW(journal.append(std::vector<Journal::Change>{{"a", bytesOf("lost")}, {"b", bytesOf(large)}}), Error);
        EXPECT_EQ(contentsOf(folder / "j"), (Contents{{"a", "kept"}}));
    }
    journal.append(std::vector<Journal::Change>{{"b", bytesOf(large)}});
    EXPECT_EQ(contentsOf(folder / "j"), (Contents{{"a", "kept"}, {"b", large}}));
}

TEST(Journal, SaysWhenItWasRemovedUnderneath) {
    const TemporaryFolder folder;
    Journal journal = Journal::create(folder / "j", kGeneration);
    fs::remove(folder / "j");
    EXPECT_THROW(journal.append(std::vector<Journal::Change>{{"a", bytesOf("x")}}), Error);
}

}  // namespace
}  // namespace bitlathe
