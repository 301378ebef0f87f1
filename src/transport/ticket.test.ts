import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError, ManualClock } from '../base/index.ts';
import {
  expectedSeal,
  isSealed,
  type Ticket,
  TicketOffice,
  ticketHeader,
  ticketLifetimeMs,
} from './ticket.ts';

const order = { method: 'POST', path: `/laptop/data/${'ab'.repeat(32)}`, offset: 0, length: 10 } as const;
const at = Date.UTC(2026, 0, 1);

function refuses(office: TicketOffice, header: string | undefined, why: RegExp): void {
  assert.throws(
    () => office.use(header),
    (error) => isHoldfastError(error, 'ticket_refused') && why.test(error.message),
  );
}

describe('a ticket', () => {
  it('is taken once, by the server that gave it, within its life', () => {
    const clock = new ManualClock(at);
    const office = new TicketOffice('server/one', clock);
    const ticket = office.give(order, 'certificate 01');
    const header = ticketHeader(ticket);
    refuses(new TicketOffice('server/one', clock), header, /another server/);
    const used = office.use(header);
    assert.deepEqual([used.order, used.holder], [order, 'certificate 01']);
    refuses(office, header, /has been used/);
    const late = office.give(order, 'certificate 01');
    clock.advance(ticketLifetimeMs + 1);
    refuses(office, ticketHeader(late), /too old/);
    // What was forgotten of the first is its end as well.
    refuses(office, header, /too old/);
  });

  it('is nothing without its key, which is not in it, and nothing when a bit of it is another', () => {
    const office = new TicketOffice('server/one', new ManualClock(at));
    const ticket = office.give(order, 'certificate 01');
    assert.ok(!Buffer.from(ticket.claims, 'base64url').includes(Buffer.from(ticket.key, 'base64url')));
    const other = office.give({ ...order, length: 11 }, 'certificate 01');
    const altered: Record<string, string | undefined> = {
      none: undefined,
      'another scheme': 'Bearer x',
      'no proof': `Holdfast-Ticket ${ticket.claims}`,
      "another's proof": `Holdfast-Ticket ${ticket.claims}.${ticketHeader(other).split('.')[1]}`,
      'its own words as proof': `Holdfast-Ticket ${ticket.claims}.${ticket.claims}`,
      'a longer one': `Holdfast-Ticket ${ticket.claims}.${'A'.repeat(5000)}`,
    };
    const whole = ticketHeader(ticket);
    for (const place of [20, whole.length >> 1, whole.length - 5])
      altered[`character ${place}`] =
        whole.slice(0, place) + (whole[place] === 'B' ? 'C' : 'B') + whole.slice(place + 1);
    for (const [what, header] of Object.entries(altered)) {
      assert.throws(
        () => office.use(header),
        (error) => isHoldfastError(error, 'ticket_refused'),
        what,
      );
    }
    assert.ok(office.use(whole));
  });

  it('has an answer that only the giver can seal: by its status, its body and its ticket', () => {
    const office = new TicketOffice('server/one', new ManualClock(at));
    const [ticket, other] = [office.give(order, 'a'), office.give(order, 'a')] as [Ticket, Ticket];
    const body = Buffer.from('what was asked for');
    const seal = office.use(ticketHeader(ticket)).seal(206).update(body).digest();
    const holds = (from: Ticket, status: number, bytes: Buffer): boolean =>
      isSealed(expectedSeal(from, status).update(bytes), seal);
    assert.ok(holds(ticket, 206, body));
    assert.ok(!holds(ticket, 200, body));
    assert.ok(!holds(other, 206, body));
    assert.ok(!holds(ticket, 206, Buffer.from('what was asked foR')));
    assert.ok(!isSealed(expectedSeal(ticket, 206).update(body), Buffer.alloc(0)));
  });

  it('costs bounded memory, whoever uses how many', () => {
    const clock = new ManualClock(at);
    const office = new TicketOffice('server/one', clock);
    const use = (): unknown => office.use(ticketHeader(office.give(order, 'greedy')));
    for (let n = 0; n < 8192; n++) use();
    assert.throws(use, (error) => isHoldfastError(error, 'rate_limited'));
    office.use(ticketHeader(office.give(order, 'another')));
    clock.advance(ticketLifetimeMs + 1);
    use();
  });
});
