#include "core/project/project_store.h"

#include "core/base/error.h"
#include "tests/core/full_disk.h"
#include "tests/core/project/temporary_folder.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace bitlathe {
namespace {

namespace fs = std::filesystem;
using Access = ProjectStore::Access;
using testing_support::FileSizeLimit;
using testing_support::TemporaryFolder;

Hdf5Node nodeOf(std::int64_t number, std::size_t floats = 3) {
    Hdf5Node node;
    node.about = "a record of a test";
    node.add("number", number);
    node.add("text", std::string("größer"), "s");
    node.add("values", Tensor::of<float>(Shape{std::int64_t(floats)}, std::vector<float>(floats, float(number))), "V", "measured");
    return node;
}

std::int64_t numberOf(const ProjectStore& store, const std::string& key) {
    const auto node = store.find(key);
    return node ? *node->get<std::int64_t>("number") : -1;
}

std::string messageOf(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.message();
    }
    return {};
}

TEST(ProjectStore, GivesBackWhatWasSaved) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        EXPECT_TRUE(store->unsaved());
        store->put("recipe", nodeOf(1));
        store->put("reports/b", nodeOf(2));
        store->put("reports/a", nodeOf(3, 100000));
        store->put("reports/gone", nodeOf(4));
        store->erase("reports/gone");
        EXPECT_EQ(numberOf(*store, "recipe"), 1);
        store->save();
        EXPECT_FALSE(store->unsaved());
        EXPECT_EQ(numberOf(*store, "reports/a"), 3);
    }
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-lock"));
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-journal"));
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-saving"));
    const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_EQ(store->keys(), (std::vector<std::string>{"recipe", "reports/a", "reports/b"}));
    EXPECT_EQ(store->keys("reports/"), (std::vector<std::string>{"reports/a", "reports/b"}));
    const auto node = store->find("reports/b");
    ASSERT_TRUE(node);
    EXPECT_EQ(node->about, "a record of a test");
    EXPECT_EQ(node->find("values")->unit, "V");
    EXPECT_EQ(node->find("values")->about, "measured");
    EXPECT_EQ(node->find("text")->unit, "s");
    EXPECT_FALSE(store->find("none"));
    EXPECT_FALSE(store->recovered());
    EXPECT_FALSE(store->unsaved());
    const std::string head = testing_support::fileText(folder / "p.bitlathe").substr(0, 600);
    EXPECT_TRUE(ProjectStore::recognizes(std::as_bytes(std::span(head))));
    EXPECT_EQ(head.substr(512, 4), "\x89HDF");
}

TEST(ProjectStore, WhatWasFlushedIsThereWithoutASave) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->put("b", nodeOf(1));
        store->save();
        store->put("a", nodeOf(2));
        store->erase("b");
        store->put("c", nodeOf(3));
        store->flush();
        store->put("c", nodeOf(4));  // never flushed
    }
    {
        const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
        EXPECT_TRUE(store->recovered());
        EXPECT_TRUE(store->unsaved());
        EXPECT_EQ(store->keys(), (std::vector<std::string>{"a", "c"}));
        EXPECT_EQ(numberOf(*store, "a"), 2);
        EXPECT_EQ(numberOf(*store, "c"), 3);
        store->put("d", nodeOf(5));
        store->flush();
        store->save();
    }
    const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_FALSE(store->recovered());
    EXPECT_EQ(store->keys(), (std::vector<std::string>{"a", "c", "d"}));
    store->put("a", nodeOf(9));
    store->flush();
    store->discard();
    EXPECT_EQ(numberOf(*store, "a"), 2);
    EXPECT_FALSE(store->unsaved());
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-journal"));
}

TEST(ProjectStore, AnEqualRecordChangesNothing) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("a", nodeOf(1));
    store->save();
    store->put("a", nodeOf(1));
    EXPECT_FALSE(store->unsaved());
    store->put("b", nodeOf(2));
    store->flush();
    const auto size = fs::file_size(folder / "p.bitlathe-journal");
    store->put("b", nodeOf(2));
    store->flush();
    EXPECT_EQ(fs::file_size(folder / "p.bitlathe-journal"), size);
}

TEST(ProjectStore, WhatIsOverwrittenAgainAndAgainDoesNotFillTheDisk) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("gone", nodeOf(1));
    store->put("stays", nodeOf(2));
    store->save();
    store->erase("gone");
    constexpr std::size_t kFloats = 1 << 20;
    std::uintmax_t largest = 0;
    for (int i = 0; i < 30; ++i) {
        store->put("large", nodeOf(i, kFloats));
        store->put("small", nodeOf(i));
        store->flush();
        largest = std::max(largest, fs::file_size(folder / "p.bitlathe-journal"));
    }
    EXPECT_LT(largest, 12 * kFloats * sizeof(float));
    EXPECT_EQ(numberOf(*store, "large"), 29);
    const auto look = ProjectStore::open(folder / "p.bitlathe", Access::Look);
    EXPECT_EQ(look->keys(), (std::vector<std::string>{"large", "small", "stays"}));
    EXPECT_EQ(numberOf(*look, "large"), 29);
    EXPECT_EQ(numberOf(*look, "small"), 29);
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-journal-compact"));
}

TEST(ProjectStore, TheSecondWindowOnlyLooksAndSaysWhy) {
    const TemporaryFolder folder;
    const auto first = ProjectStore::create(folder / "p.bitlathe");
    first->put("a", nodeOf(1));
    first->save();
    first->put("a", nodeOf(2));
    first->flush();
    const auto second = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_TRUE(second->readOnly());
    EXPECT_NE(second->whyReadOnly().find("another window has it open (process " + std::to_string(::getpid())), std::string::npos) << second->whyReadOnly();
    EXPECT_EQ(numberOf(*second, "a"), 2);  // and sees what was not saved yet
    second->put("a", nodeOf(3));
    EXPECT_NE(messageOf([&] { second->save(); }).find("another window"), std::string::npos);
    EXPECT_NE(messageOf([&] { second->flush(); }).find("another window"), std::string::npos);
    EXPECT_NE(messageOf([&] { ProjectStore::create(folder / "p.bitlathe"); }).find("another window"), std::string::npos);
    first->save();  // the reader stays whole while the file is replaced
    EXPECT_EQ(numberOf(*second, "a"), 3);
    second->saveAs(folder / "q.bitlathe");
    EXPECT_FALSE(second->readOnly());
    EXPECT_EQ(numberOf(*first, "a"), 2);
    EXPECT_EQ(numberOf(*ProjectStore::open(folder / "q.bitlathe", Access::Look), "a"), 3);
}

TEST(ProjectStore, AStaleLockStopsNobody) {
    const TemporaryFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->save();
        ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(fs::exists(folder / "p.bitlathe-lock"));
    const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_FALSE(store->readOnly());
    EXPECT_EQ(numberOf(*store, "a"), 1);
}

TEST(ProjectStore, SavingElsewhereLeavesTheFirstAtItsLastSave) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("a", nodeOf(1));
    store->save();
    store->put("a", nodeOf(2));
    store->flush();
    store->saveAs(folder / "q.bitlathe");
    EXPECT_EQ(store->path().filename(), "q.bitlathe");
    const auto old = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_FALSE(old->readOnly());
    EXPECT_EQ(numberOf(*old, "a"), 1);
    store->put("a", nodeOf(3));
    store->save();
    EXPECT_EQ(numberOf(*ProjectStore::open(folder / "q.bitlathe", Access::Look), "a"), 3);
}

TEST(ProjectStore, AFullDiskIsASentenceAndNothingIsLost) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("a", nodeOf(1));
    store->save();
    store->put("large", nodeOf(2, 1 << 20));
    {
        const FileSizeLimit limit(100000);
        EXPECT_NE(messageOf([&] { store->flush(); }).find("File too large"), std::string::npos);
        EXPECT_NE(messageOf([&] { store->save(); }).find("p.bitlathe"), std::string::npos);
        EXPECT_EQ(numberOf(*store, "large"), 2);
        const auto look = ProjectStore::open(folder / "p.bitlathe", Access::Look);
        EXPECT_EQ(look->keys(), std::vector<std::string>{"a"});
    }
    EXPECT_FALSE(fs::exists(folder / "p.bitlathe-saving"));
    store->flush();
    EXPECT_EQ(numberOf(*ProjectStore::open(folder / "p.bitlathe", Access::Look), "large"), 2);
    store->save();
    EXPECT_EQ(numberOf(*ProjectStore::open(folder / "p.bitlathe", Access::Look), "large"), 2);
}

TEST(ProjectStore, AReadOnlyFolderOpensForLooking) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->save();
    }
    fs::permissions(folder.path(), fs::perms(0555));
    fs::permissions(folder / "p.bitlathe", fs::perms(0444));
    const pid_t child = ::fork();  // in which even root becomes nobody, whom permissions stop
    if (child == 0) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) std::_Exit(2);
        try {
            const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
            const bool said = store->whyReadOnly().find("its folder cannot be written") != std::string::npos;
            std::_Exit(said && numberOf(*store, "a") == 1 ? 0 : 1);
        } catch (const Error& error) {
            std::fprintf(stderr, "%s\n", error.what());
            std::_Exit(3);
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "root may write in every folder, and cannot become another here";
    if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "nobody may not run this program's helper here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ProjectStore, AProjectThatWasReplacedUnderneathIsNotOverwritten) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("a", nodeOf(1));
    store->save();
    fs::copy_file(folder / "p.bitlathe", folder / "older");
    store->put("a", nodeOf(2));
    store->save();
    fs::rename(folder / "older", folder / "p.bitlathe");
    store->put("a", nodeOf(3));
    EXPECT_NE(messageOf([&] { store->save(); }).find("replaced by another program"), std::string::npos);
    store->saveAs(folder / "q.bitlathe");
    EXPECT_EQ(numberOf(*ProjectStore::open(folder / "p.bitlathe", Access::Look), "a"), 1);
}

TEST(ProjectStore, EditsOfAnotherCopyAreKeptAside) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->save();
        fs::copy_file(folder / "p.bitlathe", folder / "older");
        store->save();
        store->save();
        store->put("a", nodeOf(2));
        store->flush();
    }
    fs::rename(folder / "older", folder / "p.bitlathe");
    const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_EQ(numberOf(*store, "a"), 1);
    EXPECT_NE(store->note().find("kept in"), std::string::npos) << store->note();
    int kept = 0;
    for (const auto& entry : fs::directory_iterator(folder.path())) kept += entry.path().string().find("-journal-") != std::string::npos;
    EXPECT_EQ(kept, 1);
}

TEST(ProjectStore, RefusesWhatIsNoProjectOrANewerOne) {
    const TemporaryFolder folder;
    std::ofstream(folder / "text") << "something else";
    EXPECT_NE(messageOf([&] { ProjectStore::open(folder / "text", Access::Edit); }).find("is no Bitlathe project"), std::string::npos);
    EXPECT_FALSE(fs::exists(folder / "text-lock"));
    EXPECT_NE(messageOf([&] { ProjectStore::open(folder / "none", Access::Edit); }).find("No such file"), std::string::npos);
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->save();
    }
    std::fstream(folder / "p.bitlathe", std::ios::in | std::ios::out | std::ios::binary).seekp(25).write("7", 1);  // "version 7"
    EXPECT_NE(messageOf([&] { ProjectStore::open(folder / "p.bitlathe", Access::Edit); }).find("version 7"), std::string::npos);
}

TEST(ProjectStore, APrefixOrAFlippedByteIsRefusedOrRead) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->put("c/b", nodeOf(2));
        store->save();
    }
    const std::string all = testing_support::fileText(folder / "p.bitlathe");
    const auto sound = ProjectStore::open(folder / "p.bitlathe", Access::Look);
    const auto look = [&](const std::string& bytes) {
        std::ofstream(folder / "q.bitlathe", std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
        try {
            const auto store = ProjectStore::open(folder / "q.bitlathe", Access::Look);
            for (const std::string& key : store->keys()) {
                const auto node = store->find(key);
                EXPECT_TRUE(*node == *sound->find(key)) << key;
            }
        } catch (const Error&) {
        }
    };
    for (std::size_t i = 0; i < 24; ++i) look(all.substr(0, all.size() * i / 24));
    for (std::size_t i = 0; i < 60; ++i) {
        std::string broken = all;
        const std::size_t at = 1 + all.size() * i / 61;
        broken[at] = char(broken[at] ^ 0x41);
        look(broken);
    }
}

std::vector<pid_t> children() {
    std::vector<pid_t> result;
    std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (pid_t child; list >> child;) result.push_back(child);
    return result;
}

TEST(ProjectStore, SavesEverythingWhenItsReaderWasKilled) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    for (const char* key : {"a", "reports/b", "reports/c"}) store->put(key, nodeOf(7));
    store->save();
    store->put("d", nodeOf(8));
    store->flush();
    const auto readers = children();
    ASSERT_EQ(readers.size(), 1u);
    ::kill(readers[0], SIGKILL);
    store->save();
    EXPECT_EQ(store->note(), "");
    const auto again = ProjectStore::open(folder / "p.bitlathe", Access::Look);
    EXPECT_EQ(again->keys(), (std::vector<std::string>{"a", "d", "reports/b", "reports/c"}));
    for (const std::string& key : again->keys()) EXPECT_EQ(numberOf(*again, key), key == "d" ? 8 : 7);
}

TEST(ProjectStore, KeepsFileAndJournalWhenTheFileCannotBeReadAgain) {
    const TemporaryFolder folder;
    const auto store = ProjectStore::create(folder / "p.bitlathe");
    store->put("a", nodeOf(7));
    store->save();
    store->put("d", nodeOf(8));
    store->flush();
    const std::string journal = testing_support::fileText(folder / "p.bitlathe-journal");
    const auto readers = children();
    ASSERT_EQ(readers.size(), 1u);
    ::kill(readers[0], SIGKILL);
    // The head is sound, what follows is not.
    const std::string head = testing_support::fileText(folder / "p.bitlathe").substr(0, 512);
    std::ofstream(folder / "p.bitlathe", std::ios::binary) << head << std::string(2000, 'x');
    EXPECT_NE(messageOf([&] { store->save(); }).find("cannot be read again"), std::string::npos);
    EXPECT_EQ(testing_support::fileText(folder / "p.bitlathe"), head + std::string(2000, 'x'));
    EXPECT_EQ(testing_support::fileText(folder / "p.bitlathe-journal"), journal);
    EXPECT_NE(messageOf([&] { store->discard(); }).find("cannot be read again"), std::string::npos);
    EXPECT_EQ(numberOf(*store, "d"), 8);
    EXPECT_EQ(testing_support::fileText(folder / "p.bitlathe-journal"), journal);
}

TEST(ProjectStore, AJournalWithADamagedHeadIsKeptAside) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->save();
        store->put("a", nodeOf(2));
        store->flush();
    }
    std::string journal = testing_support::fileText(folder / "p.bitlathe-journal");
    journal[0] = 'X';
    std::ofstream(folder / "p.bitlathe-journal", std::ios::binary) << journal;
    const auto store = ProjectStore::open(folder / "p.bitlathe", Access::Edit);
    EXPECT_NE(store->note().find("are kept in"), std::string::npos);
    store->put("a", nodeOf(3));
    store->flush();
    bool kept = false;
    for (const auto& entry : fs::directory_iterator(folder / "."))
        kept |= entry.path().filename().string().starts_with("p.bitlathe-journal-") && testing_support::fileText(entry.path()) == journal;
    EXPECT_TRUE(kept);
}

TEST(ProjectStore, RefusesToOpenWhenTheJournalCannotBeRead) {
    const TemporaryFolder folder;
    {
        const auto store = ProjectStore::create(folder / "p.bitlathe");
        store->put("a", nodeOf(1));
        store->save();
    }
    fs::create_directory(folder / "p.bitlathe-journal");
    for (const Access access : {Access::Edit, Access::Look})
        EXPECT_NE(messageOf([&] { ProjectStore::open(folder / "p.bitlathe", access); }).find("cannot read"), std::string::npos);
    EXPECT_TRUE(fs::is_directory(folder / "p.bitlathe-journal"));
}

}  // namespace
}  // namespace bitlathe
