import { type Handler, NUMBER_SHIFT, STOP } from './record.ts';

/** The functions of forms and regions by the numbers that records have for them. */
export class Functions {
  /** Number 0 is that of no record. */
  readonly byNumber: Handler[] = [() => STOP];
  /** What stands in R.code of a record that runs a function: its number and that of its arm. */
  readonly #codes: number[] = [0];
  readonly #free: number[] = [];

  add(handler: Handler, arm = 0): number {
    const number = this.#free.pop() ?? this.byNumber.length;
    this.byNumber[number] = handler;
    this.setArm(number, arm);
    return number;
  }

  setArm(number: number, arm: number): void {
    this.#codes[number] = (number << NUMBER_SHIFT) | arm;
  }

  codeOf(number: number): number {
    return this.#codes[number]!;
  }

  /** No record has the number any more. */
  remove(number: number): void {
    this.byNumber[number] = this.byNumber[0]!;
    this.#free.push(number);
  }
}
