/** An inbox's two addresses: for whoever sends, and for whoever looks. */

import { copy } from "../announce.ts";
import type { Inbox } from "../answers.ts";
import { Button } from "../parts/form.tsx";

export const Addresses = ({ inbox: { url, view_url } }: { inbox: Inbox }) => (
  <dl class="addresses">
    <div>
      <dt>Takes requests at</dt>
      <dd>
        <code>{url}</code>
        <Button onClick={() => copy(url, "The address")}>Copy</Button>
      </dd>
    </div>
    {view_url !== undefined && (
      <div>
        <dt>Read-only page for somebody without a key</dt>
        <dd>
          <code>{view_url}</code>
          <Button onClick={() => copy(view_url, "The page's address")}>Copy</Button>
          <a class="button" href={view_url} target="_blank" rel="noreferrer">
            Open
          </a>
        </dd>
      </div>
    )}
  </dl>
);
