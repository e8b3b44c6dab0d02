#!/bin/sh
# Builds emu-rom.bin and its checksum. Needs Debian's nasm, gcc (with -m32) and binutils.
# The image holds no time, path or build id: the same sources and tools give the same bytes.
# Usage: firmware/build.sh [OUTPUT]      default: firmware/emu-rom.bin
set -eu
cd "$(dirname "$0")"
image=${1:-emu-rom.bin}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export LC_ALL=C SOURCE_DATE_EPOCH=0

common='-Os -std=gnu11 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic -fno-pie
  -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-builtin -fcf-protection=none -fno-ident --param=min-pagesize=0'
legacy='-march=i686'
kernel='-mgeneral-regs-only'
# Aligned to cache lines, so that the host's program (src/host/native-program.ts) has the same loops
bench='-O2 -msse2 -mfpmath=sse -falign-functions=64'
suite='traps debug call-op integer address strings x87 sse'

# program NAME BITS ORIGIN LIMIT ELF-EMULATION C-FLAGS: src/NAME, src/common, src/tests,
# and src/system but for real mode
program() {
  name=$1 bits=$2 origin=$3 limit=$4 emulation=$5 flags=$6
  format=elf32
  [ "$bits" = 64 ] && format=elf64
  mkdir "$out/$name"
  objects=
  for source in $(for row in $suite; do echo "src/ops/$row.asm"; done) src/"$name"/*.asm; do
    object=$out/$name/$(basename "$(dirname "$source")")-$(basename "$source").o
    nasm -Werror -f $format -DBITS="$bits" -Isrc/ops/ -o "$object" "$source"
    objects="$objects $object"
  done
  system=src/system/*.c
  [ "$name" != real ] || system=
  for source in src/"$name"/*.c src/common/*.c src/tests/*.c $system; do
    object=$out/$name/$(basename "$(dirname "$source")")-$(basename "$source").o
    gcc $common $flags $kernel -c -o "$object" "$source"
    objects="$objects $object"
  done
  if [ "$name" != real ]; then
    for source in src/bench/*.c; do
      object=$out/$name/bench-$(basename "$source").o
      gcc $common $flags $bench -c -o "$object" "$source"
      objects="$objects $object"
    done
  fi
  ld -m "$emulation" --defsym=PROGRAM_START="$origin" --defsym=PROGRAM_LIMIT="$limit" -T src/program.ld --build-id=none \
    -z noexecstack --no-warn-rwx-segments -o "$out/$name.elf" $objects
  objcopy -O binary "$out/$name.elf" "$out/$name.bin"
}

program real 16 0x1000 0xe000 elf_i386 "-m16 $legacy"
program prot 32 0x10000 0x2c000 elf_i386 "-m32 $legacy"
program long 64 0x30000 0x6c000 elf_x86_64 "-m64 -mcmodel=small -mno-red-zone"

nasm -Werror -f bin -DREAL_FILE="\"$out/real.bin\"" -DPROT_FILE="\"$out/prot.bin\"" -DLONG_FILE="\"$out/long.bin\"" \
  -o "$out/rom.bin" src/rom.asm
cp "$out/rom.bin" "$image"
(cd "$(dirname "$image")" && sha256sum "$(basename "$image")" >"$(basename "$image").sha256")
[ -z "${KEEP_ELF:-}" ] || cp "$out"/*.elf "$KEEP_ELF"
