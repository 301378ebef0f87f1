import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type CrlOrder, madeCrl } from '../../../test/rig/made-crl.ts';
import {
  authorityExtensions,
  type Holder,
  sampleCertificate,
} from '../../../test/rig/sample-certificates.ts';
import { type Bytes, dayMs, HoldfastError, hourMs, minuteMs } from '../../base/index.ts';
import { createName, parseCertificate } from '../../pki/index.ts';
import type { FetchEvidence } from '../../trust/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const listUrl = 'http://corporate.example/root.crl';
const middleUrl = 'http://corporate.example/middle.crl';

/** Two authorities outside, one below the other, and what is at their addresses by now. */
class Corporate {
  readonly root: Holder;
  readonly middle: Holder;
  readonly office: Holder;
  readonly lists = new Map<string, Bytes>();
  asked: string[] = [];

  private constructor(root: Holder, middle: Holder, office: Holder) {
    this.root = root;
    this.middle = middle;
    this.office = office;
  }

  /** @param places the addresses that the office's own certificate names */
  static async make(places: readonly string[] = [middleUrl]): Promise<Corporate> {
    const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2046-01-01') };
    const extensions = authorityExtensions();
    const root = await sampleCertificate({ subject: createName({ CN: 'Root' }), extensions, ...times });
    const middle = await sampleCertificate({
      subject: createName({ CN: 'Middle' }),
      issuer: root,
      extensions: { ...extensions, crlUrls: [listUrl] },
      ...times,
    });
    const office = await sampleCertificate({
      subject: createName({ CN: 'Office' }),
      issuer: middle,
      extensions: { ...extensions, crlUrls: places },
      ...times,
    });
    return new Corporate(root, middle, office);
  }

  readonly fetch: FetchEvidence = async ({ url }) => {
    this.asked.push(url);
    const list = this.lists.get(url);
    if (list === undefined) throw new HoldfastError('revocation_unknown', `${url} cannot be had: refused`);
    return list;
  };

  /** Puts the next list at an address, of a moment and for a week. */
  publish(url: string, nowMs: number, order: Partial<CrlOrder> = {}): void {
    const signer = url === listUrl ? this.root : this.middle;
    const thisUpdate = new Date(nowMs - minuteMs);
    this.lists.set(url, madeCrl({ signer, thisUpdate, nextUpdate: new Date(nowMs + 7 * dayMs), ...order }));
  }

  open(): Promise<SampleHome> {
    const [office, ...outside] = [this.office, this.middle, this.root].map(({ der }) =>
      parseCertificate(der),
    );
    if (office === undefined) throw new TypeError('no certificate');
    const imports = { certificates: [], notes: [] };
    const key = this.office.keys.privateKey;
    return SampleHome.open({ root: { certificate: office, key, outside, imports } });
  }
}

const warningsOf = async ({ authority }: SampleHome): Promise<string> =>
  (await authority.status()).warnings.join('\n');

describe('authorities outside, asked whether they have revoked the root or one above it', () => {
  let corporate: Corporate;
  beforeEach(async () => {
    corporate = await Corporate.make();
  });

  /** An open authority whose corporate lists are there, and say nothing. */
  const calm = async (): Promise<SampleHome> => {
    const home = await corporate.open();
    corporate.publish(listUrl, home.clock.now());
    corporate.publish(middleUrl, home.clock.now());
    await home.authority.askOutside(corporate);
    return home;
  };
  /** As much later as the next question is due, with new lists. */
  const later = async (home: SampleHome, ms: number, order: Partial<CrlOrder> = {}): Promise<void> => {
    home.clock.advance(ms);
    corporate.publish(listUrl, home.clock.now(), { number: 3 });
    corporate.publish(middleUrl, home.clock.now(), { number: 3, ...order });
    await home.authority.askOutside(corporate);
  };
  const onHold = (): Partial<CrlOrder> => ({ lines: [{ revoked: corporate.office, reason: 6 }] });

  it('learns that nothing is revoked, and asks again a day later and not before', async () => {
    await using home = await calm();
    assert.deepEqual(
      home.authority.outsideStatuses.map(({ known }) => known?.until.toISOString()),
      ['2026-11-28T08:00:00.000Z', '2026-11-28T08:00:00.000Z'],
    );
    assert.deepEqual(corporate.asked, [middleUrl, listUrl]);
    home.clock.advance(dayMs - minuteMs);
    await home.authority.askOutside(corporate);
    assert.equal(corporate.asked.length, 2);
    home.clock.advance(minuteMs);
    await home.authority.askOutside(corporate);
    assert.equal(corporate.asked.length, 4);
    assert.doesNotMatch(await warningsOf(home), /Office|Middle/);
  });

  it('issues nothing below a root that was revoked, for ever and on record', async () => {
    await using home = await calm();
    const alice = await home.node('alice');
    await later(home, dayMs, { lines: [{ revoked: corporate.office, reason: 4 }] });
    await assert.rejects(home.node('bob'), {
      code: 'root_revoked',
      message: /CN=Middle has revoked .*Office/,
    });
    assert.match(await warningsOf(home), /superseded.*nothing is issued: holdfast ca request --out FILE/);
    // Who has a certificate keeps it.
    assert.equal(await home.authority.isGood(alice.issued.certificate.serial), true);
    // A list that does not say it any more takes nothing back.
    await later(home, dayMs);
    await home.reopen();
    await assert.rejects(home.node('bob'), { code: 'root_revoked' });
    const kinds = (await home.authority.log.list()).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'outside certificate revoked').length, 1);
    await home.authority.audit.verify();
  });

  it('issues nothing below an authority in between that was revoked', async () => {
    await using home = await calm();
    home.clock.advance(dayMs);
    corporate.publish(listUrl, home.clock.now(), { lines: [{ revoked: corporate.middle, reason: 1 }] });
    await home.authority.askOutside(corporate);
    await assert.rejects(home.node('bob'), {
      code: 'root_revoked',
      message: /CN=Root has revoked the certificate of Middle/,
      hint: /somebody else may have its key/,
    });
  });

  it('goes on by itself when a hold is lifted by a newer list, and not by an older one', async () => {
    await using home = await calm();
    const old = corporate.lists.get(middleUrl) as Bytes;
    await later(home, dayMs, onHold());
    await assert.rejects(home.node('bob'), { code: 'root_revoked', message: /put .*Office on hold/ });
    home.clock.advance(hourMs);
    corporate.lists.set(middleUrl, old);
    await home.authority.askOutside(corporate);
    await assert.rejects(home.node('bob'), { code: 'root_revoked' });
    await later(home, hourMs);
    await home.node('bob');
    const kinds = (await home.authority.log.list()).map(({ kind }) => kind);
    assert.equal(kinds.filter((kind) => kind === 'outside hold lifted').length, 1);
    await home.authority.audit.verify();
  });

  it('takes a hold that becomes a revocation for one', async () => {
    await using home = await calm();
    await later(home, dayMs, onHold());
    await later(home, hourMs, { lines: [{ revoked: corporate.office, reason: 5 }] });
    await later(home, dayMs);
    await assert.rejects(home.node('bob'), { code: 'root_revoked', message: /cessationOfOperation/ });
    await home.authority.audit.verify();
  });

  it('goes on where no list can be had, says so with its cause, and asks later and later', async () => {
    await using home = await calm();
    corporate.lists.clear();
    corporate.asked = [];
    home.clock.advance(dayMs);
    await home.authority.askOutside(corporate);
    assert.doesNotMatch(await warningsOf(home), /Office/);
    const times: number[] = [];
    for (let minutes = 0; minutes < 36 * 60; minutes += 5) {
      home.clock.advance(5 * minuteMs);
      const before = corporate.asked.length;
      await home.authority.askOutside(corporate);
      if (corporate.asked.length > before) times.push(minutes + 5);
    }
    assert.deepEqual(times, [10, 30, 70, 150, 310, 630, 990, 1350, 1710, 2070]);
    assert.match(
      await warningsOf(home),
      /whether Office is revoked was learnt last 2 days ago.*cannot be had: refused/,
    );
    home.clock.advance(7 * dayMs);
    assert.match(
      await warningsOf(home),
      /whether Office is revoked is not known since 2026-11-28T08:00:00.000Z/,
    );
    await home.node('bob');
  });

  it('issues nothing by the policy hard while it is not known, and goes on when it is', async () => {
    await using home = await corporate.open();
    await home.authority.policy.set('outsideRevocation', 'hard', 'admin/local');
    await assert.rejects(home.node('bob'), { code: 'root_unproven', message: /nobody was asked yet/ });
    corporate.publish(middleUrl, home.clock.now());
    await home.authority.askOutside(corporate);
    await assert.rejects(home.node('bob'), {
      code: 'root_unproven',
      message: /Middle.*root\.crl cannot be had/,
    });
    await later(home, 10 * minuteMs);
    await home.node('bob');
    home.clock.advance(8 * dayMs);
    await assert.rejects(home.node('carol'), { code: 'root_unproven' });
  });

  it('takes no list for an answer that is out of date, of another signer or no list', async () => {
    await using home = await corporate.open();
    const nowMs = home.clock.now();
    corporate.publish(listUrl, nowMs);
    const wrong: readonly (readonly [Bytes, RegExp])[] = [
      [
        madeCrl({
          signer: corporate.middle,
          thisUpdate: new Date(nowMs - 2 * dayMs),
          nextUpdate: new Date(nowMs - dayMs),
        }),
        /ended 2026-11-20/,
      ],
      [
        madeCrl({
          signer: { ...corporate.middle, keys: corporate.root.keys },
          thisUpdate: new Date(nowMs - 1),
          nextUpdate: new Date(nowMs + dayMs),
        }),
        /not signed by any certificate of that name/,
      ],
      [new TextEncoder().encode('<html>'), /middle\.crl: crl is malformed/],
    ];
    for (const [list, problem] of wrong) {
      corporate.lists.set(middleUrl, list);
      await home.authority.askOutside({ fetch: corporate.fetch, early: true });
      assert.match(home.authority.outsideStatuses[0]?.asked?.problem ?? '', problem);
    }
  });

  it('says where it cannot ask, and asks nobody by the policy off', async () => {
    corporate = await Corporate.make(['ldap://directory.example/CN=Middle']);
    await using home = await corporate.open();
    corporate.publish(listUrl, home.clock.now());
    await home.authority.askOutside(corporate);
    assert.match(await warningsOf(home), /only HTTP is asked, and it names .*ldap:\/\/directory\.example/);
    await home.authority.policy.set('outsideRevocation', 'off', 'admin/local');
    corporate.asked = [];
    await home.authority.askOutside({ fetch: corporate.fetch, early: true });
    assert.deepEqual(corporate.asked, []);
    assert.match(await warningsOf(home), /weaker than the default: outsideRevocation is off/);
  });

  it('names no certificate above a root that signed itself', async () => {
    await using home = await SampleHome.open();
    await home.authority.askOutside({ fetch: corporate.fetch, early: true });
    assert.deepEqual([home.authority.outsideStatuses, corporate.asked], [[], []]);
  });
});
