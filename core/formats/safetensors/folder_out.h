// A folder that appears whole or not at all. Private to this folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bitlathe::safetensors {

// Files of tokenizers and generation that an export copies where the source has them.
inline constexpr std::string_view kTokenizerFiles[] = {"tokenizer.model", "spiece.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "chat_template.json", "preprocessor_config.json"};

class FolderOut {
public:
    // Makes a folder beside the target. Throws Error(Usage) when the target is where the source lies, or is named like
    // a file; Error(Output) when it is there and holds anything but files of such an export.
    FolderOut(std::filesystem::path target, const std::filesystem::path& source);
    ~FolderOut();
    FolderOut(const FolderOut&) = delete;
    FolderOut& operator=(const FolderOut&) = delete;

    const std::filesystem::path& temporary() const noexcept { return m_temporary; }
    void write(const std::string& name, std::string_view text);
    void copy(const std::filesystem::path& file);  // nothing where it is not there
    void commit();

private:
    std::filesystem::path m_target, m_temporary;
};

}  // namespace bitlathe::safetensors
