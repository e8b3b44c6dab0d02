import type { Image } from './image.ts';

/** One instruction of a batch. */
export interface SlotCase {
  readonly slot: number;
  readonly code: Uint8Array;
  readonly before: Image;
  /** What it leaves behind can only be seen by way of an exception: branches, segment loads, POPF. */
  readonly halts: boolean;
}

/** A processor that is right by definition. */
export interface Silicon {
  readonly name: string;
  /** Runs cases; gives the states that they leave. Fastest when slots follow each other. */
  run(cases: readonly SlotCase[]): Image[];
  close(): void;
}
