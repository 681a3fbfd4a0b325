# Zig 0.15, from its own site or by `pip install ziglang`.
set -e
if command -v zig >/dev/null; then zig=zig; else zig="python3 -m ziglang"; fi
$zig build-exe connector.zig ../c/libc/libc.c build/bindings/sms_connector.c -target wasm32-freestanding -O ReleaseSmall -fstrip \
  -fno-entry --stack 65536 -I ../c/libc -I build/bindings -femit-bin=build/connector.wasm
