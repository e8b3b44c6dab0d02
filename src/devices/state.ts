/** Checks one saved value and returns a copy of it; `path` names it in errors. */
export type Field<T> = (value: unknown, path: string) => T;

/** What a record of fields yields. */
export type StateOf<S extends Record<string, Field<unknown>>> = { [K in keyof S]: ReturnType<S[K]> };

const refuse = (path: string, wanted: string, value: unknown): never => {
  const got = typeof value === 'object' && value !== null ? value.constructor?.name : String(value);
  throw new Error(`saved state: ${path} must be ${wanted}, not ${got}`);
};

/** An integer from `min` to `max`, both included. */
export const int =
  (min: number, max: number): Field<number> =>
  (value, path) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : refuse(path, `an integer from ${min} to ${max}`, value);

export const u8 = int(0, 0xff);
export const u16 = int(0, 0xffff);
export const u32 = int(0, 0xffffffff);
/** A count of clocks; may lie before power-on. */
export const ticks = int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

/** A guest time; a clock may count fractions. */
export const nanoseconds: Field<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(path, 'a number of nanoseconds', value);

export const flag: Field<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false', value);

/** Exactly `length` bytes. */
export const bytes =
  (length: number): Field<Uint8Array> =>
  (value, path) => {
    const copy = byteQueue(length)(value, path);
    return copy.length === length ? copy : refuse(path, `${length} bytes`, value);
  };

/** At most `limit` bytes; a plain array of numbers is taken too. */
export const byteQueue =
  (limit: number): Field<Uint8Array> =>
  (value, path) => {
    if (value instanceof Uint8Array && value.length <= limit) return value.slice();
    return Uint8Array.from(list(u8, limit)(value, path));
  };

/** At most `limit` values of one kind. */
export const list =
  <T>(item: Field<T>, limit: number): Field<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > limit) return refuse(path, `a list of at most ${limit}`, value);
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };

/** A record with exactly these fields; others are refused. */
export const record =
  <S extends Record<string, Field<unknown>>>(shape: S): Field<StateOf<S>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'a record', value);
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(shape, key)) throw new Error(`saved state: ${path} has a field ${key} that is not known`);
    }
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(shape)) result[key] = shape[key](source[key], `${path}.${key}`);
    return result as StateOf<S>;
  };
