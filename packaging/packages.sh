# The Debian 12 packages that Bitlathe needs, in one place: packaging/launch, tests/run and the README use it.
# Sourced, not run.
build_packages="g++ cmake ninja-build pkg-config ccache
  qt6-base-dev libqt6opengl6-dev qt6-svg-dev libqt6svg6 qt6-tools-dev-tools qt6-l10n-tools libgl-dev libimgui-dev libfreetype-dev
  libopenblas-dev libhdf5-dev libzip-dev libicu-dev libpng-dev libturbojpeg0-dev zlib1g-dev
  libprotobuf-dev protobuf-compiler libonnx-dev nlohmann-json3-dev libcli11-dev"
test_packages="libgtest-dev libonnx-testdata xvfb xauth libgl1-mesa-dri libglx-mesa0"
# A Node.js from elsewhere brings an npm of its own, and Debian's npm cannot be installed beside it.
command -v node >/dev/null && command -v npm >/dev/null || test_packages="$test_packages nodejs npm"

# install_missing PACKAGE…: asks apt for those that are not installed; quiet when there are none.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Missing packages: ${missing[*]}. Install them as root, then run this again." >&2; return 1; }
    sudo=sudo
  fi
  echo "Installing ${#missing[@]} packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # A list of packages that is hours old may name versions that are gone; an update is cheap beside the build.
  $sudo apt-get update -qq || return 1
  $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
