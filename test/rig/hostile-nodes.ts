/** What one node of a snapshot can hold that no file system gave. */
export interface HostileNode {
  /** What is odd with it. */
  readonly odd: string;
  /** Its JSON, called `m` if it has a name that can be used. */
  readonly json: string;
  /** How it is named when it is restored. */
  readonly says: RegExp;
  /** Whether the file comes all the same. */
  readonly comes: boolean;
}

/** Nodes that each have one thing wrong; `content` is a list of data blobs that are there, of `size` bytes together. */
export function hostileNodes(content: readonly string[], size: number): HostileNode[] {
  const base = {
    name: 'm',
    type: 'file',
    mode: 0o644,
    mtime: '2024-01-02T03:04:05Z',
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    size,
    content,
  };
  const { content: _none, ...bare } = base;
  const node = (odd: string, part: object, says: RegExp, comes: boolean): HostileNode => ({
    odd,
    json: JSON.stringify({ ...base, ...part }),
    says,
    comes,
  });
  /** With a member as JSON cannot be written. */
  const raw = (odd: string, member: string, says: RegExp, comes: boolean): HostileNode => ({
    odd,
    json: `${JSON.stringify({ ...base, [member.split(':')[0] ?? '']: undefined }).slice(0, -1)},"${member.replace(':', '":')}}`,
    says,
    comes,
  });
  const special = (odd: string, part: object, says: RegExp, comes = false): HostileNode => ({
    odd,
    json: JSON.stringify({ ...bare, ...part }),
    says,
    comes,
  });
  const xattr = (odd: string, item: unknown, says: RegExp): HostileNode =>
    node(`an extended attribute ${odd}`, { extended_attributes: [item] }, says, true);
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  return [
    xattr('whose name has a NUL', { name: 'user.a\0b', value: 'eA==' }, /file "m": extended_attributes/),
    xattr('without a name', { name: '', value: 'eA==' }, /file "m": extended_attributes/),
    xattr('with a name as a number', { name: 7, value: 'eA==' }, /file "m": extended_attributes has 7/),
    xattr('with a value that is no base64', { name: 'user.a', value: '%' }, /file "m": extended_attributes/),
    xattr('that is null', null, /file "m": extended_attributes has null/),
    xattr(
      'with a name of 300 letters',
      { name: `user.${'a'.repeat(300)}`, value: 'eA==' },
      /m: extended attribute user\.a+/,
    ),
    xattr(
      'of 100 kB',
      { name: 'user.a', value: Buffer.alloc(100_000).toString('base64') },
      /m: extended attribute user\.a/,
    ),
    xattr(
      'of a namespace that there is not',
      { name: 'no.such', value: 'eA==' },
      /m: extended attribute no\.such/,
    ),
    node(
      'extended attributes that are no list',
      { extended_attributes: { a: 1 } },
      /extended_attributes/,
      true,
    ),
    node('a negative owner', { uid: -5 }, /file "m": uid has -5, not a number from 0 to 4294967295/, true),
    node('an owner of 33 bits', { uid: 2 ** 32 }, /uid has 4294967296/, true),
    node('a group with a fraction', { gid: 1.5 }, /gid has 1\.5/, true),
    raw('a group of 40 digits', `gid:${'9'.repeat(40)}`, /gid has 1e\+40/, true),
    raw('an owner as a number that is infinite', 'uid:1e400', /uid has Infinity/, true),
    node('a mode that is text', { mode: 'rwx' }, /mode has "rwx"/, true),
    node('a negative mode', { mode: -1 }, /mode has -1/, true),
    raw('a mode of 20 digits', 'mode:99999999999999999999', /mode has 99999999999999999999/, true),
    node(
      'a time that is none',
      { mtime: '2024-13-45T99:99:99Z' },
      /mtime has "2024-13-45T99:99:99Z", not a time/,
      true,
    ),
    node('a time of the year 10000', { mtime: '10000-01-01T00:00:00Z' }, /mtime has "10000/, true),
    node('a time that is a number', { atime: 5 }, /atime has 5/, true),
    node('a negative size', { size: -1 }, /size has -1, not a number of bytes/, true),
    node(
      'another size than its parts',
      { size: size + 1 },
      /m: has \d+ bytes, where its folder says \d+/,
      true,
    ),
    raw('a size of 20 digits', 'size:99999999999999999999', /size has 99999999999999999999/, true),
    node('no content', { content: null }, /file "m" has no proper list of blobs/, false),
    node('content that is no list', { content: 'x' }, /file "m" has no proper list of blobs/, false),
    node('content that is nowhere', { content: ['ab'.repeat(32)] }, /m: data blob (ab){32} is in no/, false),
    node(
      'content with an id that is none',
      { content: [...content, '../../x'] },
      /no proper list of blobs/,
      false,
    ),
    node('a type that nobody knows', { type: 'whiteout' }, /node "m" has the unknown type "whiteout"/, false),
    raw('a type that is nested', `type:${deep}`, /node "m" has the unknown type an object or a list/, false),
    raw('a type of 20 digits', 'type:99999999999999999999', /the unknown type 99999999999999999999/, false),
    raw('a name that is nested', `name:${deep}`, /no proper name: an object or a list/, false),
    raw('a name of 20 digits', 'name:99999999999999999999', /no proper name: 99999999999999999999/, false),
    node('a name that leads out', { name: '../m' }, /forbidden name "\.\.\/m"/, false),
    node('a name with a NUL', { name: 'm\\x00' }, /forbidden name/, false),
    node('an empty name', { name: '' }, /empty name/, false),
    node('the name of another', { name: 'a' }, /the name "a" is there twice/, false),
    node('a name of 300 letters', { name: 'n'.repeat(300) }, /n: ENAMETOOLONG/, false),
    special('no target', { type: 'symlink' }, /symlink "m" has no usable target/),
    special('an empty target', { type: 'symlink', linktarget: '' }, /symlink "m" has no usable target/),
    special(
      'a target with a NUL',
      { type: 'symlink', linktarget: 'x\0y' },
      /symlink "m" has no usable target/,
    ),
    special('a target of 5000 letters', { type: 'symlink', linktarget: 'x'.repeat(5000) }, /m: ENAMETOOLONG/),
    special('no tree', { type: 'dir' }, /dir "m" has no tree/),
    special(
      'a tree that is nowhere',
      { type: 'dir', subtree: 'cd'.repeat(32) },
      /m: tree blob (cd){32} is in no/,
      true,
    ),
    special('a negative device', { type: 'fifo', device: -1 }, /fifo "m": device has -1/, true),
    {
      odd: 'a device of 30 digits',
      json: `${JSON.stringify({ ...bare, type: 'fifo' }).slice(0, -1)},"device":${'9'.repeat(20)}}`,
      says: /fifo "m": device has 99999999999999999999/,
      comes: true,
    },
    { odd: 'nothing', json: 'null', says: /a node is not an object/, comes: false },
    { odd: 'a list', json: '[1]', says: /a node is not an object/, comes: false },
  ];
}
