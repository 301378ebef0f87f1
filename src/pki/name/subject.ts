import { HoldfastError } from '../../base/index.ts';
import { describeOid, isPrintable } from '../der/index.ts';
import {
  type AttributeShortName,
  attributeShortName,
  type Name,
  type NameAttribute,
  nameAttribute,
} from './name.ts';

/** What a subject is to say: for each attribute its value, or several, outermost first. */
export type SubjectAttributes = Readonly<Partial<Record<AttributeShortName, string | readonly string[]>>>;

/**
 * The name that somebody asks for, one attribute a level, in the customary order whatever the order they come in: the
 * domain and the country outermost, the common name near the end.
 * @throws HoldfastError `name_invalid` as {@link subjectAttribute} does
 */
export function createSubject(attributes: SubjectAttributes): Name {
  return attributeTypes.flatMap((type) => {
    const value = attributes[type] ?? [];
    const values = typeof value === 'string' ? [value] : value;
    return values.map((each) => [subjectAttribute(type, each)]);
  });
}

/**
 * A name that was asked for, its attributes in the string types and within the bounds of RFC 5280, whatever they came
 * in, in the order they came in.
 * @throws HoldfastError `name_invalid` as {@link subjectAttribute} does, and for an attribute type that is not known here
 */
export function restateSubject(name: Name): Name {
  return name.map((rdn) => rdn.map(restateAttribute));
}

/** What {@link restateSubject} would refuse or change in a name, for people, or undefined. */
export function attributeProblem(name: Name): string | undefined {
  return name
    .flat()
    .map(problemAsWritten)
    .find((problem) => problem !== undefined);
}

/**
 * What in the name of an issuer, which may be of another program and has to be repeated as it is, is out of bounds, for people,
 * or undefined: any string type will do (Go and Windows write PrintableString), and attributes that are not known here.
 */
export function issuerNameProblem(name: Name): string | undefined {
  return name
    .flat()
    .map(({ oid, value, encoding }) => {
      const type = attributeShortName(oid);
      return type === undefined || encoding === 'der' ? undefined : problemOf(type, value);
    })
    .find((problem) => problem !== undefined);
}

/**
 * One attribute in the string type of RFC 5280 and within its bounds (Appendix A.1, counted in characters). White space
 * around the value is left out; a country is written in capitals.
 * @throws HoldfastError `name_invalid`, naming the field, what was found and what is allowed
 */
function subjectAttribute(type: AttributeShortName, value: string): NameAttribute {
  // A byte order mark is white space to `trim`, and is not to be lost in silence.
  const text = value.includes('\ufeff') ? value : value.trim();
  const problem = problemOf(type, text);
  if (problem !== undefined) {
    throw new HoldfastError('name_invalid', problem, { hint: `correct ${type}, the ${rules[type].label}` });
  }
  return nameAttribute(type, type === 'C' ? text.toUpperCase() : text);
}

interface Form {
  readonly test: (text: string) => boolean;
  /** For people. */
  readonly expected: string;
}

interface Rule {
  /** For people. */
  readonly label: string;
  readonly maxLength: number;
  readonly form?: Form;
}

const country: Form = {
  test: (text) => /^[A-Za-z]{2}$/.test(text),
  expected: 'the two letters of ISO 3166, such as DE',
};
const printable: Form = { test: isPrintable, expected: "letters, digits, space and ' ( ) + , - . / : = ?" };
const mailbox: Form = {
  test: (text) => /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/.test(text) && isHostName(afterAt(text)),
  expected: 'a mail address in ASCII, such as ann@example.com',
};
const domainLabel: Form = {
  test: (text) => isHostName(`${text}.invalid`) && !text.includes('.'),
  expected: 'one label of a domain name, such as example',
};

/**
 * What RFC 5280 Appendix A.1 says of each type, in the order a name has them. Where it sets no bound there is one all
 * the same: those of X.520 for street, of RFC 4519 for UID, and 64 for dnQualifier, as for its neighbour serialNumber.
 */
const rules: Readonly<Record<AttributeShortName, Rule>> = {
  DC: { label: 'domain component', maxLength: 63, form: domainLabel },
  C: { label: 'country', maxLength: 2, form: country },
  ST: { label: 'state or province', maxLength: 128 },
  L: { label: 'city', maxLength: 128 },
  postalCode: { label: 'postal code', maxLength: 16 },
  street: { label: 'street', maxLength: 128 },
  O: { label: 'organisation', maxLength: 64 },
  OU: { label: 'organisational unit', maxLength: 64 },
  title: { label: 'title', maxLength: 64 },
  name: { label: 'name', maxLength: 32_768 },
  SN: { label: 'surname', maxLength: 32_768 },
  GN: { label: 'given name', maxLength: 32_768 },
  initials: { label: 'initials', maxLength: 32_768 },
  generationQualifier: { label: 'generation qualifier', maxLength: 32_768 },
  pseudonym: { label: 'pseudonym', maxLength: 128 },
  dnQualifier: { label: 'qualifier of the name', maxLength: 64, form: printable },
  serialNumber: { label: 'serial number', maxLength: 64, form: printable },
  UID: { label: 'user id', maxLength: 256 },
  CN: { label: 'common name', maxLength: 64 },
  emailAddress: { label: 'mail address', maxLength: 255, form: mailbox },
};

const attributeTypes = Object.keys(rules) as AttributeShortName[];

/**
 * Control characters, halves of characters, line ends, what turns the direction of the text around it, and what takes no room:
 * joiners, blanks of no width, byte order marks, variation selectors, tags (Unicode's Default_Ignorable_Code_Point).
 */
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u;

/**
 * Finds a character in a name that nobody sees, so that two names could look like one: `U+200B`. Undefined where there is none.
 * Nothing that names a machine or a person may have one; text that only explains, such as a reason, may, and is shown escaped.
 */
export function unseenCharacter(text: string): string | undefined {
  const point = unseen.exec(text)?.[0].codePointAt(0);
  return point === undefined ? undefined : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What is wrong with a value, found against allowed. */
function problemOf(type: AttributeShortName, text: string): string | undefined {
  const { label, maxLength, form } = rules[type];
  const say = (found: string, allowed: string) => `${label} (${type}) ${found}: expected ${allowed}`;
  const length = text.length > maxLength ? Array.from(text).length : text.length;
  if (length === 0) return say('is empty', '1 character at least');
  if (length > maxLength) return say(`has ${length} characters`, `${maxLength} at most`);
  const unreadable = unseenCharacter(text);
  if (unreadable !== undefined)
    return say(`has a character that is not seen, ${unreadable}`, 'text to be read');
  return form === undefined || form.test(text) ? undefined : say(`is ${quote(text)}`, form.expected);
}

function problemAsWritten(attribute: NameAttribute): string | undefined {
  const { oid, value, encoding } = attribute;
  const type = attributeShortName(oid);
  if (type === undefined || encoding === 'der') return `the attribute ${describeOid(oid)} is not known here`;
  const problem = problemOf(type, value);
  if (problem !== undefined) return problem;
  const right = subjectAttribute(type, value);
  return right.value === value && right.encoding === encoding ? undefined : `${type} is not in its form`;
}

function restateAttribute({ oid, value, encoding }: NameAttribute): NameAttribute {
  const type = attributeShortName(oid);
  if (type !== undefined && encoding !== 'der') return subjectAttribute(type, value);
  const problem =
    type === undefined ? `has the attribute ${describeOid(oid)}` : `has a ${type} that is no text`;
  throw new HoldfastError(
    'name_invalid',
    `the subject ${problem}: expected ${attributeTypes.join(', ')}, each as text`,
  );
}

function afterAt(text: string): string {
  return text.slice(text.indexOf('@') + 1);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const maxLength = 253;

/**
 * Whether `text` is a host name in the preferred syntax that RFC 5280 §4.2.1.6 asks of a dNSName: labels of letters,
 * digits and hyphens (RFC 1034 §3.5, RFC 1123 §2.1), no underscore, no period at the end; the last label has not
 * digits alone, since such a text is taken for an address.
 */
export function isHostName(text: string): boolean {
  const labels = text.split('.');
  return (
    text.length <= maxLength &&
    labels.every((part) => label.test(part)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? '')
  );
}

/** Whether somebody could take `text` for a host or an address: one word, with a period or a colon in it. */
export function looksLikeHost(text: string): boolean {
  return /[.:]/.test(text) && !/\s/.test(text);
}
