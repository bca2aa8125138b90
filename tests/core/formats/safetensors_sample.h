// safetensors files made by hand, well-formed or not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bitlathe {

class SafetensorsSample {
public:
    // data: as it stands in the file.
    SafetensorsSample& tensor(std::string_view name, std::string_view type, const std::vector<std::int64_t>& shape, const std::string& data);
    SafetensorsSample& metadata(std::string_view key, std::string_view value);
    // A head of so many bytes more than it needs.
    std::string bytes(std::size_t padding = 0) const;

private:
    std::string m_entries, m_metadata, m_data;
};

// The head's length, the head, the data.
std::string safetensorsFile(const std::string& head, const std::string& data);

// A small file with tensors of several types, a quantized layout of each family among them.
std::string smallSafetensors();

}  // namespace bitlathe
