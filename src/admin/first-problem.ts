import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

const maxFieldLength = 100;

/** What is wrong with a value that a schema does not take, its first field: `limit must be integer`. */
export function firstProblem(schema: TSchema, value: unknown, whole: string): string {
  const [first] = Value.Errors(schema, value);
  const field = first?.instancePath.slice(1, maxFieldLength) || whole;
  if (first?.keyword === 'enum') return `${field} must be one of ${first.params.allowedValues.join(', ')}`;
  return `${field} ${first?.message ?? 'is not valid'}`;
}
