#include "core/data/hdf5_dataset.h"

#include "core/hdf5/hdf5_file.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string_view>

namespace bitlathe {

bool recognizesHdf5(const std::string& path) {
    char head[8] = {};
    std::ifstream(path, std::ios::binary).read(head, sizeof head);
    return std::string_view(head, sizeof head) == std::string_view("\x89HDF\r\n\x1a\n", 8);
}

namespace {

// Rows one after the other are fetched in growing pieces; a row here and there comes alone, for the reader keeps
// the chunks that it unpacked.
class RowStream {
public:
    RowStream(std::shared_ptr<const Hdf5File> file, const NamedArray& array)
        : m_file(std::move(file)), m_name(array.name), m_sample(std::vector<std::int64_t>(array.shape.begin() + 1, array.shape.end())), m_count(array.shape[0]),
          m_bytes(bytesFor(array.type, m_sample.count())), m_most(std::max<std::int64_t>(1, kMostBytes / std::max<std::int64_t>(m_bytes, 1))) {}

    Tensor read(std::int64_t index) {
        if (index < m_begin || index >= m_begin + m_rows) {
            m_ahead = index == m_begin + m_rows ? std::min(2 * m_ahead, m_most) : 1;
            const std::int64_t rows = std::min(m_ahead, m_count - index);
            m_piece = m_file->readRows(m_name, index, rows);
            m_begin = index, m_rows = rows;
        }
        return Tensor(m_piece.type(), m_sample, m_piece.bytes().subspan(static_cast<std::size_t>((index - m_begin) * m_bytes), static_cast<std::size_t>(m_bytes)), m_piece.owner());
    }

private:
    static constexpr std::int64_t kMostBytes = std::int64_t(4) << 20;
    std::shared_ptr<const Hdf5File> m_file;
    std::string m_name;
    Shape m_sample;
    std::int64_t m_count, m_bytes, m_most;
    std::int64_t m_begin = 0, m_rows = 0, m_ahead = 1;
    Tensor m_piece;
};

}  // namespace

Dataset openHdf5Dataset(const std::string& path, const std::string& arrayName) {
    const auto file = std::make_shared<const Hdf5File>(path);
    std::vector<NamedArray> arrays;
    for (const std::string& name : file->datasets())
        if (const auto info = file->describe(name)) arrays.push_back({name, info->type, info->shape});
    const ArrayRoles roles = chooseArrays(arrays, arrayName, path);
    Dataset data;
    for (const std::size_t i : roles.samples) {
        const NamedArray& array = arrays[i];
        const auto stream = std::make_shared<RowStream>(file, array);
        data.arrays.push_back({array.name, array.type, Shape(std::vector<std::int64_t>(array.shape.begin() + 1, array.shape.end())), array.shape[0],
                               [stream](std::int64_t index) { return stream->read(index); }});
    }
    if (roles.labels) data.labels = toInt64(file->readRows(arrays[*roles.labels].name, 0, arrays[*roles.labels].shape[0]));
    data.preprocessing = file->textAttribute(arrays[roles.samples.front()].name, "preprocess").value_or("");
    if (data.preprocessing.empty()) data.preprocessing = file->textAttribute("/", "preprocess").value_or("");
    return data;
}

}  // namespace bitlathe
