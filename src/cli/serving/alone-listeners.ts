import { listenersOf } from '../../policy/index.ts';
import type { Settings } from '../home/settings.ts';

/** Clients come by tokens alone, and nobody joins: one port for repositories, and one where the certificate can be fetched. */
export function aloneListeners(settings: Settings): ReturnType<typeof listenersOf> {
  if (settings.listeners !== undefined) return settings.listeners;
  return listenersOf(settings).flatMap((listener) =>
    listener.name === 'main'
      ? [
          {
            ...listener,
            clientCertificate: 'off' as const,
            services: ['storage' as const, 'status' as const],
          },
        ]
      : listener.kind === 'plain'
        ? [listener]
        : [],
  );
}
