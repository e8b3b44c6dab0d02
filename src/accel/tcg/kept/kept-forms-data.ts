import { isInteger, isObject } from './kept-data.ts';
import type { KeptFormsData } from './kept-forms.ts';

/** Words of a form. */
export const FORM_WORDS = 6;

const isText = (value: unknown): value is string => typeof value === 'string';

const isPrinted = (value: unknown): boolean =>
  isObject(value) && isText(value.text) && Array.isArray(value.uses) && value.uses.every(isText);

/** Each form has a text, and an arm or none. */
function isWhole({ forms, texts, arms }: KeptFormsData): boolean {
  if (forms.length % FORM_WORDS !== 0) return false;
  for (let n = 0; n < forms.length; n += FORM_WORDS) {
    if (!isInteger(forms[n + 3], 0, texts.length - 1) || !isInteger(forms[n + 4], -1, arms.length - 1)) return false;
  }
  return true;
}

/** Whether a value has the shape of what `KeptForms.data` gives. */
export function isKeptForms(value: unknown): value is KeptFormsData {
  if (!isObject(value) || !isText(value.fingerprint)) return false;
  const { texts, arms, forms, code, compiled } = value;
  if (!Array.isArray(texts) || !texts.every(isPrinted) || !Array.isArray(arms) || !arms.every(isText)) return false;
  if (!(forms instanceof Float64Array) || !(code instanceof Uint8Array)) return false;
  return isInteger(compiled, 0, texts.length) && isWhole(value as unknown as KeptFormsData);
}
