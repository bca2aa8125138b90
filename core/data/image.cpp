#include "core/data/image.h"

#include "core/base/error.h"
#include "core/base/mapped_file.h"

#include <cstring>
#include <memory>

#include <png.h>
#include <turbojpeg.h>

namespace bitlathe {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    refuseInput("'" + path + "' is not a picture that can be read: " + why + "; give PNG or JPEG");
}

Tensor allocatePicture(const std::string& path, std::int64_t height, std::int64_t width, std::byte*& bytes) {
    if (height < 1 || width < 1 || height > kMostPixels / width) refuse(path, std::to_string(width) + " × " + std::to_string(height) + " pixels are out of bounds");
    return Tensor::allocate(ElementType::U8, {height, width, 3}, bytes);
}

Tensor readPng(const std::string& path, std::span<const std::byte> file) {
    png_image picture{};
    picture.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&picture, file.data(), file.size())) refuse(path, picture.message);
    picture.format = PNG_FORMAT_RGB;
    std::byte* bytes = nullptr;
    try {
        Tensor tensor = allocatePicture(path, picture.height, picture.width, bytes);
        const png_color black{0, 0, 0};
        if (!png_image_finish_read(&picture, &black, bytes, 0, nullptr)) refuse(path, picture.message);
        return tensor;
    } catch (...) {
        png_image_free(&picture);
        throw;
    }
}

Tensor readJpeg(const std::string& path, std::span<const std::byte> file) {
    const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
    const auto* data = reinterpret_cast<const unsigned char*>(file.data());
    int width = 0, height = 0, sampling = 0, colours = 0;
    if (tjDecompressHeader3(decoder.get(), data, file.size(), &width, &height, &sampling, &colours) != 0) refuse(path, tjGetErrorStr2(decoder.get()));
    std::byte* bytes = nullptr;
    Tensor tensor = allocatePicture(path, height, width, bytes);
    // Warnings are mostly harmless leftovers of cameras, but what is missing at the end would be grey.
    const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
    if (tjDecompress2(decoder.get(), data, file.size(), reinterpret_cast<unsigned char*>(bytes), width, 0, height, TJPF_RGB, flags) != 0) {
        const std::string why = tjGetErrorStr2(decoder.get());
        if (tjGetErrorCode(decoder.get()) == TJERR_FATAL || why.find("Premature end") != std::string::npos) refuse(path, why);
    }
    return tensor;
}

}  // namespace

Tensor readImage(const std::string& path) {
    const auto file = MappedFile::open(path);
    const auto bytes = file->bytes();
    if (bytes.size() >= 8 && std::memcmp(bytes.data(), "\x89PNG", 4) == 0) return readPng(path, bytes);
    if (bytes.size() >= 4 && std::memcmp(bytes.data(), "\xff\xd8", 2) == 0) return readJpeg(path, bytes);
    refuse(path, "it begins like neither");
}

}  // namespace bitlathe
