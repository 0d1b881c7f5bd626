/** The parts of forms: a labelled field with its error, a button that tells that it works, and copying by a click. */
import { type ComponentChildren, cloneElement, type VNode } from "preact";
import { useId, useState } from "preact/hooks";
import { copy } from "../announce.ts";
import type { ApiError } from "../api.ts";
import { capitalized } from "../format.ts";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** Of the last refusal; those about `name` are shown here. */
  errors?: readonly ApiError[];
  name?: string;
  children: VNode<{ id?: string; "aria-describedby"?: string; "aria-invalid"?: boolean }>;
}

export function Field({ label, hint, errors = [], name, children }: FieldProps) {
  const id = useId();
  const own = errors.filter(({ field }) => name !== undefined && field?.split(/[.[]/)[0] === name);
  const isDescribed = own.length > 0 || hint !== undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(children, {
        id,
        ...(isDescribed && { "aria-describedby": `${id}-hint` }),
        ...(own.length > 0 && { "aria-invalid": true }),
      })}
      {isDescribed && (
        <small id={`${id}-hint`} class={own.length > 0 ? "is-bad" : ""}>
          {own.length > 0 ? own.map(({ message }) => besideField(message, name ?? "")).join(" ") : hint}
        </small>
      )}
    </div>
  );
}

/** What a refusal says beside the field `name`: that needs no name, and it is left empty where null is meant. */
export function besideField(message: string, name: string): string {
  const text = message.startsWith(`${name} `) ? capitalized(message.slice(name.length + 1)) : message;
  return text.replace(/,? or null\b/, ", or empty").replace(/\bmust be null or\b/i, "must be empty or");
}

/** Errors about the members of `parent` as if they were the request's own, as the form's fields are named. */
export const membersOf = (parent: string, errors: readonly ApiError[]): ApiError[] => {
  const without = (text: string) => (text.startsWith(`${parent}.`) ? text.slice(parent.length + 1) : text);
  return errors.map(({ field, message, ...error }) => ({
    ...{ ...error, message: without(message) },
    ...(field !== undefined && { field: without(field) }),
  }));
};

/** Errors that belong to no field of the form. */
export function Errors({ errors, fields = [] }: { errors: readonly ApiError[]; fields?: readonly string[] }) {
  const others = errors.filter(
    ({ field }) => field === undefined || !fields.includes(field.split(/[.[]/)[0] ?? ""),
  );
  if (others.length === 0) return null;
  return (
    <p class="note is-bad" role="alert">
      {others.map(({ message }) => message).join(" ")}
    </p>
  );
}

interface ButtonProps {
  children: ComponentChildren;
  onClick?: () => unknown;
  kind?: "primary" | "danger" | "plain";
  type?: "button" | "submit";
  disabled?: boolean;
  title?: string;
}

/** While what it began goes on, it can't be pressed again. */
export function Button({
  children,
  onClick,
  kind = "plain",
  type = "button",
  disabled = false,
  title,
}: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    try {
      await onClick?.();
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type={type}
      class={`button is-${kind}`}
      aria-busy={isBusy}
      disabled={disabled}
      title={title}
      onClick={onClick && (() => !isBusy && void press())}
    >
      {children}
    </button>
  );
}

/** An id in mono, copied by a click. */
export const Copied = ({
  text,
  what,
  children,
}: {
  text: string;
  what: string;
  children?: ComponentChildren;
}) => (
  <button type="button" class="copied mono" title={`Copy: ${text}`} onClick={() => void copy(text, what)}>
    {children ?? text}
  </button>
);

/** What is shown where there is nothing yet: what it is for, and the next step. */
export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

/** A command to copy. */
export const Command = ({ text }: { text: string }) => (
  <div class="command">
    <pre>{text}</pre>
    <button type="button" class="button is-plain" onClick={() => void copy(text, "The command")}>
      Copy
    </button>
  </div>
);
