import { HoldfastError } from '../base/index.ts';
import { type ObjectId, type ObjectRef, type ObjectType, objectTypes } from './object-store.ts';

const objectIdPattern = /^[0-9a-f]{64}$/;

/** Whether `text` is an object's name: exactly 64 lowercase hexadecimal digits. */
export function isObjectId(text: string): text is ObjectId {
  return objectIdPattern.test(text);
}

/** Whether `text` is one of the repository's directories. */
export function isObjectType(text: string): text is ObjectType {
  return (objectTypes as readonly string[]).includes(text);
}

/** The name of an object from text out of a file, a URL or an index; `object_name_invalid` for anything else. */
function parseObjectId(text: string): ObjectId {
  if (!isObjectId(text)) {
    const shown = JSON.stringify(text.slice(0, 80));
    throw new HoldfastError(
      'object_name_invalid',
      `object name ${shown} is not 64 lowercase hexadecimal digits`,
    );
  }
  return text;
}

/** The object meant by a type and a name from outside; `object_name_invalid` when the name is none. */
export function parseObjectName(type: ObjectType, name: string): ObjectRef {
  return { type, name: parseObjectId(name) };
}

/** An object as messages show it: `config`, or `<type>/<name>`. */
export function formatObjectRef(ref: ObjectRef): string {
  return ref.type === 'config' ? 'config' : `${ref.type}/${ref.name}`;
}
