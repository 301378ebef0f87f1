import {
  callRosterOperation,
  type ListenerView,
  localAdmin,
  operationPath,
  type RosterContext,
  type ServerBindingDesk,
} from '../admin/index.ts';
import type { Roster } from '../authority/index.ts';
import { type Bytes, type Clock, HoldfastError, type Log, secondMs } from '../base/index.ts';
import { certificatePem } from '../pki/index.ts';
import { addressesOf, type ListenerPolicy, weakerThanDefault } from '../policy/index.ts';
import { Hot, type TlsBindings, TokenGate } from '../transport/index.ts';
import { listenOnSocket } from './admin-socket.ts';
import { EnrolLimit } from './enrol-limit.ts';
import { keepGoing } from './follow-decisions.ts';
import { LetIn } from './let-in.ts';
import { bytesReply, jsonReply, type Reply } from './reply.ts';
import { type SelfSigned, selfSignedWarnings } from './self-signed.ts';
import { type Application, answerBy, routedService, storageService } from './service.ts';
import { viewOf } from './start-authority-server.ts';
import { startServer } from './start-server.ts';
import { serverCertificatePath } from './status-routes.ts';
import { createStorageHandler } from './storage-handler.ts';
import { localNamespaces } from './storage-path.ts';
import { type StorePlace, storeWatch } from './store-place.ts';

/** A server that keeps repositories and has no authority. */
export interface StorageServerOptions {
  /** Who may come, and by what. */
  readonly roster: Roster;
  readonly certificate: SelfSigned;
  /** Where the certificate lies for those who import it. */
  readonly certificateFile: string;
  readonly listeners: readonly ListenerPolicy[];
  /** What is shown instead for certain hosts or listeners, and how that is changed. */
  readonly shown: Hot<TlsBindings>;
  readonly bindings: ServerBindingDesk;
  readonly bindingProblem: () => Error | undefined;
  /** Host names and addresses of this server, best first. */
  readonly names: readonly string[];
  readonly store: StorePlace;
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A storage server that answers. */
export interface StorageServer extends AsyncDisposable {
  /** `https://host:port` of the listeners with storage, best first. */
  readonly urls: readonly string[];
}

const watchEveryMs = 5 * secondMs;

/**
 * Opens every listener and the administration socket, or none. Clients come by bearer tokens, and take the certificate for
 * what it is: nothing vouches for it, so that they have to import it, or compare its fingerprint.
 * @throws HoldfastError `port_in_use`, `settings_invalid`
 */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const { roster, certificate, listeners, names, store, clock, log } = options;
  checkNobodyCertified(listeners);
  const tokens = new TokenGate({
    findToken: (sha256) => roster.bearerTokens.find(sha256),
    limit: new EnrolLimit(clock),
    clock,
    log,
  });
  const letIn = new LetIn(clock, log);
  const application = applicationOf(options, letIn);
  const watchStore = storeWatch(store, log);
  await watchStore();
  await using opened = new AsyncDisposableStack();
  opened.use(
    await startServer({
      listeners,
      services: [
        storageService(
          createStorageHandler({
            storeFor: localNamespaces(store.directory, (forWhat) => store.check(forWhat)),
            log,
          }),
          { appendOnly: true },
        ),
        routedService('status', application),
      ],
      peers: {
        bundle: new Hot({ network: roster.network, anchors: [] }),
        issuings: () => [],
        isGood: () => false,
        tokens,
        // A token is looked at again each second by the gate itself.
        watch: () => new AsyncDisposableStack(),
      },
      credentials: new Hot(certificate.credentials),
      bindings: options.shown,
      noteRefusal: () => {},
      letIn,
      clock,
      log,
    }),
  );
  opened.use(await listenOnSocket(options.socketPath, roster.network, application, log));
  opened.defer(keepGoing(watchStore, { everyMs: watchEveryMs, log }));
  const running = opened.move();
  return {
    urls: addressesOf(listeners, ['storage'], names).map((address) => `https://${address}`),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What administration at this server works on; `listeners` are those of one that runs. */
export function rosterContext(
  {
    roster,
    certificate: { certificate },
    certificateFile,
    bindings,
    bindingProblem,
    names,
    store,
    clock,
  }: Omit<StorageServerOptions, 'listeners' | 'shown' | 'socketPath' | 'log'>,
  { listeners = [], letIn = () => [] }: Partial<Pick<RosterContext, 'listeners' | 'letIn'>> = {},
): RosterContext {
  return {
    network: roster.network,
    authority: roster,
    clock,
    store,
    bindings,
    bindingProblem,
    listeners,
    letIn,
    certificate: () => ({
      fingerprint: certificate.fingerprint,
      notAfter: certificate.notAfter.toISOString(),
      file: certificateFile,
      warnings: selfSignedWarnings(certificate, names, clock.now()),
    }),
  };
}

function applicationOf(options: StorageServerOptions, letIn: LetIn): Application {
  const { roster, certificate, listeners, names, log } = options;
  // Nobody is certified here, so that nothing is weaker for asking nobody.
  const views = listeners.map((policy): ListenerView => {
    const weaker = weakerThanDefault({ ...policy, clientCertificate: 'require' });
    return { ...viewOf(policy, names), weaker };
  });
  const admin = rosterContext(options, { listeners: views, letIn: () => letIn.list() });
  const caller = localAdmin(roster.network);
  const servers = addressesOf(listeners, ['storage'], names).map((address) => `https://${address}`);
  const pem = Buffer.from(certificatePem(certificate.certificate.der));
  const answers: Readonly<Record<string, () => Reply>> = {
    '/-/health': () => jsonReply({ status: 'ok', network: roster.network }),
    '/-/status/servers': () => jsonReply({ network: roster.network, servers }),
    [serverCertificatePath]: () => pemReply(pem),
  };
  return answerBy({
    log,
    noteRefusal: () => {},
    async handle({ path }, { params, body, peer }) {
      if (path === operationPath(':name') && peer?.by === 'local')
        return jsonReply(await callRosterOperation(admin, params['name'] ?? '', body, caller));
      const answer = answers[path];
      if (answer !== undefined) return answer();
      throw new HoldfastError('operation_unknown', 'this server has no authority, and no such address');
    },
  });
}

function pemReply(pem: Bytes): Reply {
  return bytesReply('application/x-pem-file', pem, { 'cache-control': 'no-store' });
}

/** @throws HoldfastError `settings_invalid` */
function checkNobodyCertified(listeners: readonly ListenerPolicy[]): void {
  const asking = listeners.find(({ clientCertificate }) => clientCertificate !== 'off');
  if (asking === undefined) return;
  throw new HoldfastError(
    'settings_invalid',
    `listener ${asking.name}: a server without an authority certifies nobody, found client_certificate ${asking.clientCertificate}`,
    { hint: 'set client_certificate = "off": clients come by bearer tokens' },
  );
}
