#!/bin/sh
# Runs the suite on this machine's CPU, as 32-bit and as 64-bit code, against the checksums in src/tests/expected.h.
# Usage: host/check.sh [-v]      -v: also the checksum of every row, in table order
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

status=0
for bits in 32 64; do
  objects=
  for name in call-op integer address strings x87 sse; do
    nasm -f "elf$bits" -DBITS="$bits" -Isrc/ops/ -o "$out/$name.o" "src/ops/$name.asm"
    objects="$objects $out/$name.o"
  done
  # call-op.asm has no stack note; -no-pie because 32-bit addresses are used in 64-bit code
  gcc "-m$bits" -O1 -msse2 -mfpmath=sse -Wall -Wextra -no-pie -static -z noexecstack -o "$out/check$bits" \
    host/check.c src/tests/*.c src/bench/*.c $objects 2>"$out/log" || { cat "$out/log"; exit 1; }
  echo "$bits-bit code:"
  "$out/check$bits" "$@" || status=1
done
exit $status
