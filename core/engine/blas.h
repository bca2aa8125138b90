// Float matrix products: OpenBLAS where it is installed, a plain blocked kernel where it is not. The only
// file that knows cblas. One thread per call: whoever calls cuts the work.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace bitlathe {

class Blas {
public:
    // Loads OpenBLAS and makes it take the core type that this processor deserves: OpenBLAS 0.3.21 takes
    // several modern processors for a Prescott and is then ten times too slow. A core type that the user
    // set in the environment is left alone. Without the library the plain kernel is used, and note() says so.
    static std::shared_ptr<const Blas> load();
    // The plain kernel alone.
    static std::shared_ptr<const Blas> plain();
    ~Blas();
    Blas(const Blas&) = delete;
    Blas& operator=(const Blas&) = delete;

    // C (m x n) = alpha · op(A) (m x k) · op(B) (k x n) + beta · C, row-major, with row strides lda, ldb, ldc
    // of the matrices as stored. C is not read where beta is 0. Callable from several threads at once.
    struct Gemm {
        bool transposeA = false, transposeB = false;
        std::int64_t m = 0, n = 0, k = 0;
        float alpha = 1.0f;
        const float* a = nullptr;
        std::int64_t lda = 0;
        const float* b = nullptr;
        std::int64_t ldb = 0;
        float beta = 0.0f;
        float* c = nullptr;
        std::int64_t ldc = 0;
    };
    void sgemm(const Gemm& call) const;

    // "OpenBLAS SkylakeX", "plain": what a report names as its source.
    const std::string& name() const noexcept { return m_name; }
    // Why this is slower than it could be, for people; empty when all is well.
    const std::string& note() const noexcept { return m_note; }

private:
    Blas() = default;
    struct Library;
    std::unique_ptr<Library> m_library;
    std::string m_name = "plain", m_note;
};

}  // namespace bitlathe
