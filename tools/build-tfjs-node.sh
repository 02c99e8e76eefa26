#!/bin/sh
# Installs TensorFlow.js with native kernels from the npm and PyPI registries alone.
#
#     tools/build-tfjs-node.sh PROJECT cpu
#     tools/build-tfjs-node.sh PROJECT gpu
#
# PROJECT is the folder whose node_modules is to hold the package: this checkout, the project logowatch was installed
# into, or any other folder with a package.json, to which NODE_PATH then points. The package's own install script is not
# run: it downloads libtensorflow 2.9.1 from outside the registries, and unpacks it with libraries that have known faults.
# Its addon is compiled instead (in seconds) against the library inside TensorFlow's Python wheel. Nothing is written to
# package.json, so `npm ci` removes the package again.
#
# Needs: Linux on x86-64, Node 20 or 22 (4.22 fails on 23 and later), g++ and make, Python 3 with pip.
# Disk: 0.7 GB for cpu, more for gpu, and a third more for the time of the build.
# WHEEL=FILE takes a wheel that is there already, downloaded with
#     pip download --no-deps --only-binary=:all: tensorflow-cpu==2.18.1
#
# gpu takes the wheel `tensorflow==2.18.1` (615 MB), built for CUDA 12.5 and cuDNN 9.3; NVIDIA's driver must be 525.60.13
# or newer. CUDA itself is not installed here: the last lines printed say how to.
set -eu

PACKAGE_VERSION=4.22.0
TENSORFLOW_VERSION=2.18.1

fail() {
  echo "build-tfjs-node: $1" >&2
  exit 1
}

[ $# -eq 2 ] || fail "usage: $0 PROJECT cpu|gpu"
[ -f "$1/package.json" ] || fail "$1 holds no package.json: name the folder whose node_modules is to hold the package"
project=$(cd "$1" && pwd)
case $2 in
  cpu) package=tfjs-node wheel_name=tensorflow-cpu ;;
  gpu) package=tfjs-node-gpu wheel_name=tensorflow ;;
  *) fail "$2 is neither cpu nor gpu" ;;
esac
[ "$(uname -sm)" = 'Linux x86_64' ] || fail "$(uname -sm): the wheels used here are for Linux on x86-64"
for tool in node npm g++ make python3; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -lt 23 ] || fail "Node $node_major: $package $PACKAGE_VERSION fails on Node 23 and later; use 20 or 22"

# 1. The package, without its install script. As a mere `--no-save` npm takes it for the optional peer that it is in this
# checkout, and installs nothing.
(cd "$project" && npm install --no-save --save-prod --ignore-scripts "@tensorflow/$package@$PACKAGE_VERSION")
folder=$project/node_modules/@tensorflow/$package
[ -f "$folder/binding.gyp" ] || fail "npm did not install @tensorflow/$package into $project"

# 2. TensorFlow's wheel. It is only unpacked, so any Python's will do; 3.11 is named because newer ones have none.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wheel=${WHEEL:-}
if [ -z "$wheel" ]; then
  python3 -m pip download --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_17_x86_64 --dest "$work" "$wheel_name==$TENSORFLOW_VERSION"
  wheel=$(echo "$work"/*.whl)
fi

# 3. Its two libraries and the headers of its C interface, where the package's binding.gyp looks for them.
rm -rf "$folder/deps" "$folder/lib" "$folder/build"
python3 - "$wheel" "$folder/deps" <<'PYTHON'
import pathlib, re, shutil, sys, zipfile

wheel, deps = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
wanted = re.compile(
    r"tensorflow/(?:include/(?P<header>(?:tensorflow/c|tensorflow/core/platform|tsl/platform|xla/tsl/c)/.*\.h)"
    r"|(?P<library>libtensorflow_(?:cc|framework)\.so\.2))$"
)
for name in wheel.namelist():
    match = wanted.match(name)
    if match is None:
        continue
    header, library = match["header"], match["library"]
    path = deps / "include" / header if header else deps / "lib" / library
    path.parent.mkdir(parents=True, exist_ok=True)
    with wheel.open(name) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
# The C interface is exported by the C++ library too, which is the one that wheels hold.
ln -s libtensorflow_cc.so.2 "$folder/deps/lib/libtensorflow.so"
ln -s libtensorflow_framework.so.2 "$folder/deps/lib/libtensorflow_framework.so"

# 4. The addon. Node's headers are taken from beside Node where they are, else node-gyp downloads them from nodejs.org.
prefix=$(node -p 'path.dirname(path.dirname(process.execPath))')
set -- install --build-from-source
[ -f "$prefix/include/node/node_api.h" ] && set -- "$@" "--nodedir=$prefix"
(cd "$folder" && "$project/node_modules/.bin/node-pre-gyp" "$@")
rm -rf "$folder"/build "$folder"/build-tmp-*

# 5. Does it compute?
(cd "$project" && TF_CPP_MIN_LOG_LEVEL=2 node -e "
  const tf = require('@tensorflow/$package');
  if (tf.add(1, 1).dataSync()[0] !== 2) throw new Error('1 + 1 is not 2');
  console.log('@tensorflow/$package', tf.version['tfjs-node'], 'on libtensorflow',
    tf.backend().binding.TF_Version + ', GPU:', tf.backend().isUsingGpuDevice);
")
if [ "$package" = tfjs-node-gpu ]; then
  cat <<TEXT
If the line above says 'GPU: false', then CUDA 12.5 or cuDNN 9.3 was not found, and it computes on the processor.
Install both by NVIDIA's packages, or from PyPI (the versions that the wheel names) and tell the loader where they are:
  python3 -m pip install --no-deps --target cuda nvidia-cublas-cu12==12.5.3.2 nvidia-cuda-cupti-cu12==12.5.82 \\
    nvidia-cuda-nvcc-cu12==12.5.82 nvidia-cuda-nvrtc-cu12==12.5.82 nvidia-cuda-runtime-cu12==12.5.82 \\
    nvidia-cudnn-cu12==9.3.0.75 nvidia-cufft-cu12==11.2.3.61 nvidia-curand-cu12==10.3.6.82 \\
    nvidia-cusolver-cu12==11.6.3.83 nvidia-cusparse-cu12==12.5.1.3 nvidia-nccl-cu12==2.21.5 nvidia-nvjitlink-cu12==12.5.82
  export LD_LIBRARY_PATH="\$(echo "\$PWD"/cuda/nvidia/*/lib | tr ' ' ':')"
TEXT
fi
