# clang with wasm-ld, or the C compiler in Zig (`pip install ziglang`). Neither needs a WASI library.
set -e
if command -v clang >/dev/null && command -v wasm-ld >/dev/null; then
  cc="clang --target=wasm32"
elif command -v zig >/dev/null; then
  cc="zig cc -target wasm32-freestanding"
else
  cc="python3 -m ziglang cc -target wasm32-freestanding"
fi
$cc -std=c11 -O2 -Wall -Werror -ffreestanding -fno-builtin -nostdlib -Ilibc -Ibuild/bindings \
  -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536 \
  connector.c libc/libc.c build/bindings/sms_connector.c -o build/connector.wasm
