#include "core/engine/blas.h"

#include "core/engine/machine.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <cblas.h>
#include <dlfcn.h>

namespace bitlathe {

struct Blas::Library {
    void* handle = nullptr;
    decltype(&::cblas_sgemm) sgemm = nullptr;
};

namespace {

// OpenBLAS chooses its kernels while it is being loaded, from this variable or else from a table of
// processors that ends in 2021. A program cannot set it in time for a library it is linked to, which is
// why the library is opened by hand.
constexpr const char* kCoreVariable = "OPENBLAS_CORETYPE";

const char* coreTypeFor(Isa isa) noexcept {
    // Measured on Zen 5: both AVX-512 types twice as fast as Haswell and Zen; on Emerald Rapids Cooperlake
    // is a quarter faster than SkylakeX.
    if (isa >= Isa::Avx512Vnni) return __builtin_cpu_supports("avx512bf16") ? "Cooperlake" : "SkylakeX";
    if (isa >= Isa::Avx2) return "Haswell";
    return nullptr;
}

// c += alpha · op(A) · op(B), in blocks that stay in the cache. Sums run in ascending k.
void plainGemm(const Blas::Gemm& g) {
    for (std::int64_t i = 0; i < g.m; ++i)
        for (std::int64_t j = 0; j < g.n; ++j) g.c[i * g.ldc + j] = g.beta == 0.0f ? 0.0f : g.beta * g.c[i * g.ldc + j];
    constexpr std::int64_t kDepth = 256, kColumns = 512;
    const auto aAt = [&](std::int64_t i, std::int64_t k) { return g.transposeA ? g.a[k * g.lda + i] : g.a[i * g.lda + k]; };
    for (std::int64_t k0 = 0; k0 < g.k; k0 += kDepth) {
        const std::int64_t k1 = std::min(g.k, k0 + kDepth);
        for (std::int64_t j0 = 0; j0 < g.n; j0 += kColumns) {
            const std::int64_t j1 = std::min(g.n, j0 + kColumns);
            for (std::int64_t i = 0; i < g.m; ++i) {
                float* c = g.c + i * g.ldc;
                if (g.transposeB) {
                    for (std::int64_t j = j0; j < j1; ++j) {
                        float sum = 0.0f;
                        for (std::int64_t k = k0; k < k1; ++k) sum += aAt(i, k) * g.b[j * g.ldb + k];
                        c[j] += g.alpha * sum;
                    }
                    continue;
                }
                for (std::int64_t k = k0; k < k1; ++k) {
                    const float a = g.alpha * aAt(i, k);
                    const float* b = g.b + k * g.ldb;
                    for (std::int64_t j = j0; j < j1; ++j) c[j] += a * b[j];
                }
            }
        }
    }
}

// Set while the library is being loaded, then as it was.
class Variable {
public:
    Variable(const char* name, const char* value) : m_name(name) {
        if (const char* before = std::getenv(name)) m_before = before;
        ::setenv(name, value, 1);
    }
    ~Variable() {
        if (m_before) ::setenv(m_name, m_before->c_str(), 1);
        else ::unsetenv(m_name);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* m_name;
    std::optional<std::string> m_before;
};

void* openLibrary(const char* core) {
    const Variable threads("OPENBLAS_NUM_THREADS", "1");  // else it starts one per core, and they never work
    std::optional<Variable> type;
    if (core) type.emplace(kCoreVariable, core);
    void* handle = ::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    return handle ? handle : ::dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
}

}  // namespace

Machine Machine::detect(Isa most) { return {lowered(detectIsa(), most), Blas::load()}; }

std::shared_ptr<const Blas> Blas::plain() { return std::shared_ptr<const Blas>(new Blas); }

std::shared_ptr<const Blas> Blas::load() {
    std::shared_ptr<Blas> blas(new Blas);
    const char* wanted = coreTypeFor(detectIsa());
    const bool chosenByUser = std::getenv(kCoreVariable) != nullptr;
    void* handle = openLibrary(chosenByUser ? nullptr : wanted);
    if (!handle) {
        blas->m_note = "OpenBLAS is not installed, so float layers run slowly; install libopenblas0";
        return blas;
    }
    auto library = std::make_unique<Library>();
    library->handle = handle;
    library->sgemm = reinterpret_cast<decltype(library->sgemm)>(::dlsym(handle, "cblas_sgemm"));
    const auto setThreads = reinterpret_cast<decltype(&::openblas_set_num_threads)>(::dlsym(handle, "openblas_set_num_threads"));
    const auto coreName = reinterpret_cast<decltype(&::openblas_get_corename)>(::dlsym(handle, "openblas_get_corename"));
    if (!library->sgemm || !setThreads || !coreName) {
        ::dlclose(handle);
        blas->m_note = "libopenblas.so.0 is not a usable OpenBLAS, so float layers run slowly; reinstall libopenblas0";
        return blas;
    }
    setThreads(1);
    const std::string_view core = coreName();
    blas->m_name = "OpenBLAS " + std::string(core);
    if (wanted && core == "Prescott")
        blas->m_note = "OpenBLAS runs its Prescott kernels on a processor that can do far better; unset " + std::string(kCoreVariable);
    else if (wanted && chosenByUser && core != wanted)
        blas->m_note = "OpenBLAS runs its " + std::string(core) + " kernels because " + kCoreVariable + " says so; this processor deserves " + wanted;
    blas->m_library = std::move(library);
    return blas;
}

// The library stays loaded: it has threads of its own that do not survive being unloaded.
Blas::~Blas() = default;

void Blas::sgemm(const Gemm& g) const {
    if (g.m <= 0 || g.n <= 0) return;
    if (!m_library) return plainGemm(g);
    m_library->sgemm(CblasRowMajor, g.transposeA ? CblasTrans : CblasNoTrans, g.transposeB ? CblasTrans : CblasNoTrans,
                     static_cast<blasint>(g.m), static_cast<blasint>(g.n), static_cast<blasint>(g.k), g.alpha, g.a,
                     static_cast<blasint>(std::max<std::int64_t>(g.lda, 1)), g.b, static_cast<blasint>(std::max<std::int64_t>(g.ldb, 1)),
                     g.beta, g.c, static_cast<blasint>(std::max<std::int64_t>(g.ldc, 1)));
}

}  // namespace bitlathe
