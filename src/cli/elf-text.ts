import { UsageError } from './usage-error.ts';

/** Code of an ELF file. */
interface Text {
  readonly bytes: Uint8Array;
  readonly address: bigint;
  readonly bits: 32 | 64;
}

const MAGIC = 0x464c457f;
const EM_386 = 3;
const EM_X86_64 = 62;
const SHT_PROGBITS = 1;

/**
 * The section .text of an ELF file for x86 (System V ABI, chapter 4), undefined for a file that is not ELF.
 * @throws UsageError for a broken file, another machine, or no .text
 */
export function elfText(image: Uint8Array): Text | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image.length < 4 || view.getUint32(0, true) !== MAGIC) return undefined;
  try {
    return readText(image, view);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError('the ELF file ends too early: give the whole file');
    throw error;
  }
}

function readText(image: Uint8Array, view: DataView): Text {
  const wide = view.getUint8(4) === 2;
  const machine = view.getUint16(18, true);
  if (view.getUint8(5) !== 1 || (machine !== EM_386 && machine !== EM_X86_64)) {
    throw new UsageError('the ELF file is for another machine: give one for i386 or x86-64');
  }
  const word = (at: number): number => (wide ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const step = wide ? 8 : 4;
  const sections = word(wide ? 0x28 : 0x20);
  const [entrySize, count, nameIndex] = [0, 2, 4].map((n) => view.getUint16((wide ? 0x3a : 0x2e) + n, true));
  const section = (index: number) => {
    const at = sections + index * entrySize!;
    return {
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      address: wide ? view.getBigUint64(at + 16, true) : BigInt(view.getUint32(at + 12, true)),
      offset: word(at + 8 + 2 * step),
      size: word(at + 8 + 3 * step),
    };
  };
  const names = section(nameIndex!).offset;
  for (let index = 0; index < count!; index++) {
    const { name, type, address, offset, size } = section(index);
    const label = String.fromCharCode(...image.subarray(names + name, names + name + 6));
    if (type !== SHT_PROGBITS || label !== '.text\0') continue;
    if (offset + size > image.length) throw new UsageError('the ELF file ends inside .text: give the whole file');
    return { bytes: image.subarray(offset, offset + size), address, bits: machine === EM_X86_64 ? 64 : 32 };
  }
  throw new UsageError('the ELF file has no section .text: extract the code and give it as raw bytes');
}
