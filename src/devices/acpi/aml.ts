/** AML as bytes. The functions below build it inside out; names are those of ACPI 2.0, chapter 17. */
export type Aml = readonly number[];

const little = (value: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) & 0xff);

/** A name of up to four characters, padded with `_`. */
const nameSegment = (path: string): Aml => [...path.padEnd(4, '_')].map((c) => c.charCodeAt(0));

/** PkgLength: counts itself, in one to four bytes. */
function withLength(body: Aml): Aml {
  const size = body.length;
  if (size + 1 < 0x40) return [size + 1, ...body];
  const extra = size + 2 < 0x1000 ? 1 : size + 3 < 0x100000 ? 2 : 3;
  const total = size + 1 + extra;
  return [(extra << 6) | (total & 0x0f), ...little(Math.floor(total / 16), extra), ...body];
}

/** An unsigned integer below 2^53 in its shortest form. */
export function integer(value: number): Aml {
  if (value === 0 || value === 1) return [value];
  if (value < 0x100) return [0x0a, value];
  if (value < 0x10000) return [0x0b, ...little(value, 2)];
  if (value < 0x100000000) return [0x0c, ...little(value, 4)];
  return [0x0e, ...little(value, 8)];
}

export const name = (path: string, object: Aml): Aml => [0x08, ...nameSegment(path), ...object];
export const scope = (path: string, ...terms: Aml[]): Aml => [
  0x10,
  ...withLength([...nameSegment(path), ...terms.flat()]),
];
export const device = (path: string, ...terms: Aml[]): Aml => [
  0x5b,
  0x82,
  ...withLength([...nameSegment(path), ...terms.flat()]),
];
/** At most 255 elements. */
export const packageOf = (...elements: Aml[]): Aml => [0x12, ...withLength([elements.length, ...elements.flat()])];
const buffer = (bytes: Aml): Aml => [0x11, ...withLength([...integer(bytes.length), ...bytes])];

/** A compressed EISA identifier such as `PNP0A03`. */
export function eisaId(id: string): Aml {
  const letter = (at: number) => id.charCodeAt(at) - 0x40;
  const maker = (letter(0) << 10) | (letter(1) << 5) | letter(2);
  const product = Number.parseInt(id.slice(3), 16);
  return integer((maker >> 8) + (maker & 0xff) * 2 ** 8 + (product >> 8) * 2 ** 16 + (product & 0xff) * 2 ** 24);
}

/** Resource descriptors (ACPI 2.0, 6.4) closed by an end tag, as a buffer. */
export const resources = (...descriptors: Aml[]): Aml => buffer([...descriptors.flat(), 0x79, 0x00]);

export const io = (base: number, length: number): Aml => [
  0x47,
  0x01,
  ...little(base, 2),
  ...little(base, 2),
  1,
  length,
];

/** Edge-triggered, active high, exclusive. */
export const irq = (line: number): Aml => [0x22, ...little(1 << line, 2)];

/** Producer, positive decode, both ends fixed. */
const PRODUCED = 0x0c;

type Range = { readonly first: number; readonly last: number };

/** Kind 0 memory, 1 I/O, 2 bus numbers. */
const addressSpace = (tag: number, width: number, kind: number, flags: number, { first, last }: Range): Aml => [
  tag,
  ...little(3 + 5 * width, 2),
  kind,
  PRODUCED,
  flags,
  ...[0, first, last, 0, last - first + 1].flatMap((value) => little(value, width)),
];

export const wordBusNumber = (range: Range): Aml => addressSpace(0x88, 2, 2, 0, range);
/** ISA and non-ISA ranges. */
export const wordIo = (range: Range): Aml => addressSpace(0x88, 2, 1, 0x03, range);
/** Read-write; cacheable for a frame buffer's window. */
export const dwordMemory = (range: Range, cacheable: boolean): Aml =>
  addressSpace(0x87, 4, 0, cacheable ? 0x03 : 0x01, range);
