import { amfObject, commandMessage } from './messages/command.js';
import type { Command } from './messages/command.js';
import type { RtmpMessage } from './messages/message.js';
import { onStatusMessage, statusObject } from './messages/status.js';
import type { Status } from './messages/status.js';
import { userControlMessage } from './messages/user-control.js';
import type { Amf0Value } from './amf0.js';
import type { ProtocolLink } from './protocol-link.js';
import type { SessionResult } from './session-results.js';

/** Makes what a server says into results to send. Answers to transaction id 0, which wants none, come out empty. */
export class Replies {
  readonly #link: ProtocolLink;

  constructor(link: ProtocolLink) {
    this.#link = link;
  }

  send(message: RtmpMessage): SessionResult {
    return { type: 'send', data: this.#link.write(message) };
  }

  userControl(event: number, value: number): SessionResult {
    return this.send(userControlMessage(event, value));
  }

  /** onStatus on a message stream. */
  status(streamId: number, level: Status['level'], code: string, description: string): SessionResult {
    return this.send(onStatusMessage(streamId, { level, code, description }));
  }

  result(command: Command, value: Amf0Value): SessionResult[] {
    if (command.transactionId === 0) return [];
    return [this.send(commandMessage('_result', command.transactionId, null, [value]))];
  }

  error(command: Command, code: string, description: string): SessionResult[] {
    if (command.transactionId === 0) return [];
    const status = statusObject({ level: 'error', code, description });
    return [this.send(commandMessage('_error', command.transactionId, null, [status]))];
  }

  /** onFCPublish and its like, with the transaction id of what they answer, as FMLE and its heirs want it. */
  notice(name: string, code: string, command: Command): SessionResult[] {
    if (command.transactionId === 0) return [];
    const status = amfObject({ level: 'status', code, description: '' });
    return [this.send(commandMessage(name, command.transactionId, null, [status]))];
  }

  /** Answers what clients ask out of habit, on which nothing depends; undefined for any other command. */
  toHabit(command: Command): SessionResult[] | undefined {
    switch (command.name) {
      case 'FCPublish':
        return [
          ...this.result(command, undefined),
          ...this.notice('onFCPublish', 'NetStream.Publish.Start', command),
        ];
      case 'FCSubscribe':
        return [
          ...this.result(command, undefined),
          ...this.notice('onFCSubscribe', 'NetStream.Play.Start', command),
        ];
      case 'releaseStream':
      case '_checkbw':
        return this.result(command, undefined);
      case 'getStreamLength':
        // A live stream has none.
        return this.result(command, 0);
      case '_result':
      case '_error':
      case 'onStatus':
        return [];
      default:
        return undefined;
    }
  }
}
