/** A kind of file that is no kernel for a PC: how it begins, what it is, what to do. */
interface Kind {
  readonly offset: number;
  readonly magic: readonly number[];
  readonly what: string;
  readonly remedy: string;
}

const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

const UNPACK = 'unpack it first, or give the bzImage itself';
const OTHER_CPU = 'a PC runs i386 and x86-64 kernels';
const DISK = 'this boots from a disk and not as a kernel';

const KINDS: readonly Kind[] = [
  { offset: 0x38, magic: ascii('ARM\x64'), what: 'an AArch64 Image', remedy: OTHER_CPU },
  { offset: 0x38, magic: ascii('RSC\x05'), what: 'a RISC-V Image', remedy: OTHER_CPU },
  { offset: 0x24, magic: [0x18, 0x28, 0x6f, 0x01], what: 'an Arm zImage', remedy: OTHER_CPU },
  { offset: 0, magic: [0x27, 0x05, 0x19, 0x56], what: 'a U-Boot uImage', remedy: 'give the bzImage' },
  { offset: 0, magic: [0x1f, 0x8b], what: 'a gzip file', remedy: UNPACK },
  { offset: 0, magic: [0xfd, ...ascii('7zXZ')], what: 'an xz file', remedy: UNPACK },
  { offset: 0, magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'a zstd file', remedy: UNPACK },
  { offset: 0, magic: [0x02, 0x21, 0x4c, 0x18], what: 'an lz4 file', remedy: UNPACK },
  { offset: 0, magic: [0x04, 0x22, 0x4d, 0x18], what: 'an lz4 file', remedy: UNPACK },
  { offset: 0, magic: ascii('BZh'), what: 'a bzip2 file', remedy: UNPACK },
  { offset: 0, magic: ascii('PK\x03\x04'), what: 'a zip file', remedy: UNPACK },
  { offset: 0, magic: ascii('07070'), what: 'a cpio archive', remedy: 'an initramfs goes to --initrd' },
  { offset: 0, magic: ascii('!<arch>\n'), what: 'a Debian package or a library', remedy: UNPACK },
  { offset: 0, magic: ascii('QFI\xfb'), what: 'a qcow2 disk image', remedy: DISK },
  { offset: 0x8001, magic: ascii('CD001'), what: 'a CD image', remedy: DISK },
  { offset: 0, magic: [0x07, 0x01], what: 'an a.out file (OMAGIC)', remedy: 'link it as ELF' },
  { offset: 0, magic: [0x08, 0x01], what: 'an a.out file (NMAGIC)', remedy: 'link it as ELF' },
  { offset: 0, magic: [0x0b, 0x01], what: 'an a.out file (ZMAGIC)', remedy: 'link it as ELF' },
  { offset: 0, magic: [0xcc, 0x00], what: 'an a.out file (QMAGIC)', remedy: 'link it as ELF' },
  { offset: 0, magic: ascii('MZ'), what: 'an EFI or DOS program', remedy: 'give a bzImage or an ELF kernel' },
  { offset: 0x1fe, magic: [0x55, 0xaa], what: 'a boot sector or a disk image', remedy: DISK },
];

const TEXT_SAMPLE = 512;

/** What a file that no loader takes seems to be and what to do about it, in one phrase. */
export function describeUnknown(bytes: Uint8Array): string {
  const kind = KINDS.find(({ offset, magic }) => magic.every((byte, index) => bytes[offset + index] === byte));
  if (kind !== undefined) return `${kind.what}: ${kind.remedy}`;
  if (isText(bytes)) return 'a text file: give a bzImage or an ELF kernel';
  return 'neither a bzImage nor an ELF or Multiboot kernel: give one of these';
}

function isText(bytes: Uint8Array): boolean {
  return bytes
    .subarray(0, TEXT_SAMPLE)
    .every((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}
