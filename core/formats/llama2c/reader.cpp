#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/number_text.h"
#include "core/base/sha256.h"
#include "core/formats/llama2c/llama2c.h"
#include "core/tensor/packed_tensor.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <functional>

namespace bitlathe::llama2c {

namespace {

constexpr std::uint32_t kMagic = 0x616b3432;  // "ak42"
constexpr std::size_t kNumbers = 7, kOldHead = 4 * kNumbers, kNewHead = 256;
constexpr std::size_t kHashWhileReading = std::size_t(16) << 20;  // larger files are hashed when somebody asks
constexpr std::int64_t kMostWidth = 1 << 20, kMostLayers = 4096, kMostTokens = 1 << 24, kMostContext = 1 << 24;
constexpr std::string_view kNoCheckpoint = "; fetch it again, or open a GGUF file or a folder with safetensors";

template <class T>
T at(std::span<const std::byte> bytes, std::size_t place) noexcept {
    T value;
    std::memcpy(&value, bytes.data() + place, sizeof value);
    return value;
}

struct Head {
    int version = 0;
    std::int64_t width = 0, hidden = 0, layers = 0, heads = 0, kvHeads = 0, tokens = 0, context = 0;
    bool ownClassifier = false;  // else the embedding is read once more
    std::int64_t groupSize = 0;  // of version 2
    std::size_t bytes = kOldHead;

    std::int64_t headSize() const noexcept { return width / heads; }
    std::int64_t keyWidth() const noexcept { return kvHeads * headSize(); }
    // Empty when such a network can be.
    std::string problem() const {
        const auto within = [](std::int64_t value, std::int64_t most) { return value >= 1 && value <= most; };
        if (!within(width, kMostWidth) || !within(hidden, kMostWidth)) return "a width of " + std::to_string(width) + " and " + std::to_string(hidden) + " in the feed-forward part";
        if (!within(layers, kMostLayers)) return std::to_string(layers) + " layers";
        if (!within(tokens, kMostTokens) || !within(context, kMostContext)) return std::to_string(tokens) + " tokens and a context of " + std::to_string(context);
        if (!within(heads, width) || width % heads != 0 || headSize() % 2 != 0) return std::to_string(heads) + " heads in a width of " + std::to_string(width);
        if (!within(kvHeads, heads) || heads % kvHeads != 0) return std::to_string(heads) + " heads of queries over " + std::to_string(kvHeads) + " of keys";
        if (version == 2 && (!within(groupSize, kMostWidth) || width % groupSize != 0 || width * hidden % groupSize != 0)) return "groups of " + std::to_string(groupSize) + " weights";
        return {};
    }
};

bool hasMagic(std::span<const std::byte> bytes) noexcept { return bytes.size() >= 8 && at<std::uint32_t>(bytes, 0) == kMagic; }

// Nothing where the bytes are too few.
std::optional<Head> headOf(std::span<const std::byte> bytes) {
    Head head;
    std::size_t place = 0;
    if (hasMagic(bytes)) {
        if (bytes.size() < kNewHead) return std::nullopt;
        head.version = at<std::int32_t>(bytes, 4);
        head.bytes = kNewHead;
        place = 8;
    }
    if (bytes.size() < head.bytes) return std::nullopt;
    std::int64_t* const fields[kNumbers] = {&head.width, &head.hidden, &head.layers, &head.heads, &head.kvHeads, &head.tokens, &head.context};
    for (std::int64_t* field : fields) *field = at<std::int32_t>(bytes, place), place += 4;
    if (head.version == 0) {
        head.ownClassifier = head.tokens < 0;  // the sign says so
        head.tokens = std::abs(head.tokens);
    } else {
        head.ownClassifier = at<std::uint8_t>(bytes, place) == 0;
        if (head.version == 2) head.groupSize = at<std::int32_t>(bytes, place + 1);
    }
    return head;
}

// Walks through the tensors in the file's order. Bytes that a file lacks are counted all the same.
class Walk {
public:
    Walk(const Head& head, std::shared_ptr<const MappedFile> file) : m_head(head), m_file(std::move(file)), m_at(head.bytes) {}

    std::uint64_t end() const noexcept { return m_at; }

    void vector(const std::string& name, std::int64_t count, std::vector<Value>* to) { plain(name, Shape{count}, to); }
    void matrix(const std::string& name, std::int64_t rows, std::int64_t columns, std::vector<Value>* to) {
        if (m_head.groupSize == 0) return plain(name, Shape{rows, columns}, to);
        const auto count = static_cast<std::uint64_t>(rows * columns), groups = count / static_cast<std::uint64_t>(m_head.groupSize);
        if (to) to->push_back(grouped(name, Shape{rows, columns}, take(0, count), take(count, 4 * groups)));
        m_at += count + 4 * groups;
    }
    void skip(std::int64_t floats) { m_at += 4 * static_cast<std::uint64_t>(floats); }

private:
    std::span<const std::byte> take(std::uint64_t from, std::uint64_t bytes) const { return m_file->bytes().subspan(m_at + from, bytes); }
    void plain(const std::string& name, const Shape& shape, std::vector<Value>* to) {
        const auto bytes = 4 * static_cast<std::uint64_t>(shape.count());
        if (to) {
            Value value;
            value.name = name;
            value.type = ElementType::F32;
            value.constant = Tensor(ElementType::F32, shape, take(0, bytes), m_file);
            to->push_back(std::move(value));
        }
        m_at += bytes;
    }
    // Groups run over the whole tensor: one may begin in one row and end in the next.
    Value grouped(const std::string& name, const Shape& shape, std::span<const std::byte> codes, std::span<const std::byte> scales) const {
        auto packed = std::make_shared<PackedTensor>();
        packed->form = "int8 g" + std::to_string(m_head.groupSize);
        packed->shape = shape;
        packed->parts = {codes, scales};
        packed->decode = [file = m_file, codes, scales, columns = shape[1], size = m_head.groupSize](std::int64_t first, std::int64_t, std::span<float> out) {
            auto place = static_cast<std::size_t>(first * columns);
            for (float& x : out) {
                x = static_cast<float>(std::to_integer<std::int8_t>(codes[place])) * at<float>(scales, 4 * (place / static_cast<std::size_t>(size)));
                ++place;
            }
        };
        Value value;
        value.name = name;
        value.packed = std::move(packed);
        return value;
    }

    const Head& m_head;
    std::shared_ptr<const MappedFile> m_file;
    std::uint64_t m_at;
};

// In the order of the file; values only where `to` is not null.
void walk(const Head& head, Walk& file, std::vector<Value>* to) {
    const auto layers = [&](const char* name, const std::function<void(const std::string&)>& one) {
        for (std::int64_t l = 0; l < head.layers; ++l) one("blk." + std::to_string(l) + "." + name + ".weight");
    };
    const auto norms = [&](const char* name) { layers(name, [&](const std::string& tensor) { file.vector(tensor, head.width, to); }); };
    const auto matrices = [&](const char* name, std::int64_t rows, std::int64_t columns) { layers(name, [&](const std::string& tensor) { file.matrix(tensor, rows, columns, to); }); };
    const auto attention = [&] {
        matrices("attn_q", head.width, head.width);
        matrices("attn_k", head.keyWidth(), head.width);
        matrices("attn_v", head.keyWidth(), head.width);
        matrices("attn_output", head.width, head.width);
    };
    const auto feedForward = [&] {
        matrices("ffn_gate", head.hidden, head.width);
        matrices("ffn_down", head.width, head.hidden);
        matrices("ffn_up", head.hidden, head.width);
    };
    const auto embedding = [&] { file.matrix("token_embd.weight", head.tokens, head.width, to); };
    const auto last = [&] { file.vector("output_norm.weight", head.width, to); };
    if (head.version == 0) {
        embedding();
        norms("attn_norm");
        attention();
        norms("ffn_norm");
        feedForward();
        last();
        file.skip(2 * (head.context * head.headSize() / 2));  // tables of cosines and sines, which nobody reads any more
    } else {
        norms("attn_norm");
        norms("ffn_norm");
        last();
        embedding();
        attention();
        feedForward();
    }
    if (head.ownClassifier) file.matrix("output.weight", head.tokens, head.width, to);
}

// For people: block after block, as data flows.
std::int64_t blockOf(std::string_view name) {
    if (name == "token_embd.weight") return -1;
    std::int64_t block = 0;
    return name.starts_with("blk.") && std::from_chars(name.data() + 4, name.data() + name.size(), block).ec == std::errc() ? block : kMostLayers;
}

Head checkedHead(const MappedFile& file) {
    const auto bytes = file.bytes();
    const std::string name = "'" + file.path().string() + "'";
    if (bytes.size() >= 2 && at<std::uint16_t>(bytes, 0) == 0x4b50)  // a zip archive begins so
        refuseInput(name + " looks like a file of PyTorch, which holds program code and is not read; save the model as safetensors and open that");
    const auto head = headOf(bytes);
    if (!head) refuseInput(name + " is too short for a checkpoint of llama2.c" + std::string(kNoCheckpoint));
    if (head->version < 0 || head->version > 2) refuseInput(name + " is a checkpoint of llama2.c of version " + std::to_string(head->version) + "; versions 0 to 2 are known here, export it as one of these");
    if (const std::string problem = head->problem(); !problem.empty()) refuseInput(name + " is no checkpoint of llama2.c: its head asks for " + problem + std::string(kNoCheckpoint));
    return *head;
}

void addKeys(const Head& head, Model& model) {
    const auto add = [&](const std::string& key, std::int64_t value) { model.metadata.emplace_back(key, std::to_string(value)); };
    model.metadata.emplace_back("general.architecture", "llama");
    model.metadata.emplace_back("general.name", model.name);
    add("llama.block_count", head.layers);
    add("llama.context_length", head.context);
    add("llama.embedding_length", head.width);
    add("llama.feed_forward_length", head.hidden);
    add("llama.attention.head_count", head.heads);
    add("llama.attention.head_count_kv", head.kvHeads);
    model.metadata.emplace_back("llama.attention.layer_norm_rms_epsilon", "1e-05");
    add("llama.rope.dimension_count", head.headSize());
    model.metadata.emplace_back("llama.rope.freq_base", "10000");
    add("llama.vocab_size", head.tokens);
    add("llama2c.version", head.version);
}

}  // namespace

bool recognizes(std::span<const std::byte> bytes) noexcept {
    if (hasMagic(bytes)) return true;
    const auto head = headOf(bytes);
    return head && head->problem().empty();
}

std::int64_t tokensOf(const std::filesystem::path& checkpoint, JobContext& context) {
    const auto file = MappedFile::open(checkpoint);
    context.checkpoint(0.0, "reading the head");
    return checkedHead(*file).tokens;
}

Model read(const std::filesystem::path& path, JobContext& context) {
    const auto file = MappedFile::open(path);
    context.checkpoint(0.0, "reading the head");
    const Head head = checkedHead(*file);
    Walk measured(head, file);
    walk(head, measured, nullptr);
    if (measured.end() != file->bytes().size())
        refuseInput("'" + path.string() + "' has " + countText(file->bytes().size()) + " bytes, but a checkpoint of llama2.c (version " + std::to_string(head.version) + ") with " + std::to_string(head.layers) + " layers, a width of " +
                    std::to_string(head.width) + " and " + std::to_string(head.tokens) + " tokens has " + countText(measured.end()) + ": it is truncated, damaged or something else" + std::string(kNoCheckpoint));
    Model model;
    model.name = path.stem().string();
    model.format = "llama2c";
    model.source = path;
    model.file = file;
    if (file->bytes().size() <= kHashWhileReading) model.sha256 = sha256(file->bytes());
    model.producer = "llama";
    addKeys(head, model);
    model.graph.weightsOnly = true;
    model.graph.name = model.name;
    Walk reading(head, file);
    walk(head, reading, &model.graph.values);
    std::stable_sort(model.graph.values.begin(), model.graph.values.end(), [](const Value& a, const Value& b) { return blockOf(a.name) < blockOf(b.name); });
    model.layers = findLayers(model.graph);
    model.notes.push_back("the file has weights and no graph: what runs with them is a Llama of the head's numbers");
    if (head.version == 2) {
        model.notes.push_back("weights are stored as int8 in groups of " + std::to_string(head.groupSize));
        for (Layer& layer : model.layers)
            if (model.graph.value(layer.weight).packed) layer.note = "stored as int8 in groups of " + std::to_string(head.groupSize) + ": quantizing again adds to its error";
    }
    return model;
}

}  // namespace bitlathe::llama2c
