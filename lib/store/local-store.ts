import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import type { Clock } from '../base/index.js';
import type { StoredValue } from '../value/index.js';
import type { ValueStore } from './value-store.js';

/** Questions to the LocalStore. The answer for a missing value is `undefined`. */
export type LocalStoreMessage =
  | {
      readonly type: 'keep-value';
      readonly dagId: string;
      readonly id: string;
      readonly value: StoredValue;
      readonly as: 'value' | 'result';
      readonly replyTo: ActorRef<undefined>;
    }
  | { readonly type: 'find-value'; readonly dagId: string; readonly id: string; readonly replyTo: ActorRef<StoredValue | undefined> }
  | {
      readonly type: 'await-value';
      readonly dagId: string;
      readonly id: string;
      readonly timeoutMs: number;
      readonly replyTo: ActorRef<StoredValue | undefined>;
    }
  | {
      readonly type: 'register-location';
      readonly dagId: string;
      readonly dataId: string;
      readonly node: string;
      readonly replyTo: ActorRef<undefined>;
    }
  | { readonly type: 'lookup-location'; readonly dagId: string; readonly dataId: string; readonly replyTo: ActorRef<string | undefined> }
  | { readonly type: 'clear-dag'; readonly dagId: string; readonly replyTo: ActorRef<undefined> };

/** Starts the supervised LocalStore. It answers questions of callers, other actors and other nodes about this node's values. */
export const startLocalStore = (parent: Parent, table: ValueStore, clock: Clock): Promise<ActorRef<LocalStoreMessage>> =>
  spawnActor<LocalStoreMessage>(
    parent,
    (_state, message) => {
      switch (message.type) {
        case 'keep-value':
          table.keep(message.dagId, message.id, message.value, message.as);
          tell(message.replyTo, undefined);
          return undefined;
        case 'find-value':
          tell(message.replyTo, table.find(message.dagId, message.id));
          return undefined;
        case 'await-value': {
          const { replyTo } = message;
          const timer = clock.after(message.timeoutMs, () => {
            forget();
            tell(replyTo, undefined);
          });
          const found = (value: StoredValue): void => {
            timer.cancel();
            tell(replyTo, value);
          };
          const forget = table.await(message.dagId, message.id, { found });
          return undefined;
        }
        case 'register-location':
          table.locations.register(message.dagId, message.dataId, message.node);
          tell(message.replyTo, undefined);
          return undefined;
        case 'lookup-location':
          tell(message.replyTo, table.locate(message.dagId, message.dataId));
          return undefined;
        case 'clear-dag':
          table.clear(message.dagId);
          tell(message.replyTo, undefined);
          return undefined;
      }
    },
    { name: 'LocalStore' },
  );
