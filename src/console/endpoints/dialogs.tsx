/** The dialog that is open over the page of endpoints, if there is one. */
import type { Endpoint } from "../answers.ts";
import { ForgetDialog } from "./forget-dialog.tsx";
import { EndpointSettings } from "./settings.tsx";

export type OpenDialog =
  | { what: "settings" | "forget"; endpoint: Endpoint }
  /** A new endpoint, whose URL begins with this. */
  | { what: "new"; url: string };

interface Props {
  open: OpenDialog | null;
  setOpen: (open: OpenDialog | null) => void;
  onDone: () => void;
}

export function EndpointDialogs({ open, setOpen, onDone }: Props) {
  if (open === null) return null;
  const onClose = () => setOpen(null);
  if (open.what === "new")
    return <EndpointSettings endpoint={null} url={open.url} {...{ onDone, onClose }} />;
  const { endpoint } = open;
  if (open.what === "forget") return <ForgetDialog {...{ endpoint, onDone, onClose }} />;
  return (
    <EndpointSettings
      {...{ endpoint, onDone, onClose }}
      onForget={() => setOpen({ what: "forget", endpoint })}
    />
  );
}
