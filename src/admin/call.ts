import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import { localName } from '../policy/index.ts';
import type { AdminContext } from './admin-context.ts';
import {
  type Local,
  type OperationAnswer,
  type OperationInput,
  type OperationName,
  operations,
} from './operations.ts';

/** The admin API as its users see it, wherever the authority is. */
export interface AdminClient {
  call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationAnswer<Name>>;
}

/** Whoever comes by the socket or in process: one identity, for the log. */
export function localAdmin(network: string): Identity {
  return { network, role: 'admin', name: localName };
}

/**
 * Does one operation for `caller`: known name, right role, valid input, in this order.
 * `operation_unknown`, `operation_forbidden` or `input_invalid` otherwise, and nothing is done.
 */
export async function callOperation(
  context: AdminContext,
  name: string,
  input: unknown,
  caller: Identity,
): Promise<unknown> {
  const operation = operations[checkCall(name, input, caller)];
  const handle = operation.handle as (
    context: AdminContext,
    input: unknown,
    caller: Identity,
  ) => Promise<unknown>;
  return handle(context, input, caller);
}

/** Whether `caller` may do an operation of this name with this input. Errors: as {@link callOperation} */
export function checkCall(name: string, input: unknown, caller: Identity): OperationName {
  if (!isOperationName(name)) {
    throw new HoldfastError('operation_unknown', `there is no operation ${JSON.stringify(name)}`);
  }
  const operation = operations[name];
  if (caller.role !== operation.role) {
    throw new HoldfastError(
      'operation_forbidden',
      `${name} needs the role ${operation.role}, not ${caller.role}`,
    );
  }
  const local = whyLocal(operation.local, input);
  if (local !== undefined && caller.name !== localName) {
    throw new HoldfastError(
      'operation_forbidden',
      `${name}${local} can be done on the server's machine only`,
      {
        hint: "run it there, as the owner of the server's home",
      },
    );
  }
  if (!Check(operation.input, input))
    throw new HoldfastError('input_invalid', `${name}: ${firstProblem(operation.input, input, 'input')}`);
  return name;
}

/** What of a call is for the server's machine alone: all of it, or a field of its input; undefined when nothing is. */
function whyLocal(local: Local, input: unknown): string | undefined {
  if (typeof local === 'boolean') return local ? '' : undefined;
  const said = local.find((field) => Object(input)[field] !== undefined);
  return said && ` with ${said}`;
}

/** The admin API in this process, for when no server runs. */
export function inProcessAdmin(context: AdminContext): AdminClient {
  const caller = localAdmin(context.authority.network);
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      return (await callOperation(context, name, input, caller)) as OperationAnswer<Name>;
    },
  };
}

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

const maxFieldLength = 100;

/** What is wrong with a value that a schema does not take, its first field: `limit must be integer`. */
export function firstProblem(schema: TSchema, value: unknown, whole: string): string {
  const [first] = Errors(schema, value);
  const field = first?.instancePath.slice(1, maxFieldLength) || whole;
  if (first?.keyword === 'enum') return `${field} must be one of ${first.params.allowedValues.join(', ')}`;
  return `${field} ${first?.message ?? 'is not valid'}`;
}
