// Reading a project file whose reader may have died meanwhile, which says nothing about the file. Knows no journal.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bitlathe {

class Hdf5File;

// All records of the file. Throws Error(Input).
std::vector<std::string> recordKeys(const Hdf5File& file);
bool answers(const Hdf5File& file);
// With a fresh reader. Throws Error(Output) when it is not there as a whole, or not of this generation.
std::unique_ptr<Hdf5File> readAgain(const std::filesystem::path& path, const std::string& generation);

}  // namespace bitlathe
