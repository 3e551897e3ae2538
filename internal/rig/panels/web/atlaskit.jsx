import { IntlProvider } from 'react-intl';
import AtlaskitButton from '@atlaskit/button/new';
import DropdownMenu, { DropdownItem, DropdownItemGroup } from '@atlaskit/dropdown-menu';
import DynamicTable from '@atlaskit/dynamic-table';
import AtlaskitForm, { ErrorMessage, Field, FormFooter, HelperMessage } from '@atlaskit/form';
import Lozenge from '@atlaskit/lozenge';
import Modal, { ModalBody, ModalHeader, ModalTitle, ModalTransition } from '@atlaskit/modal-dialog';
import Pagination from '@atlaskit/pagination';
import Select from '@atlaskit/select';
import TextArea from '@atlaskit/textarea';
import Textfield from '@atlaskit/textfield';
import Toggle from '@atlaskit/toggle';
import { useState } from 'react';
import { grouped, panel, start, useOptions } from './app.jsx';

const how = panel.Choice;
const option = (s) => ({ label: s, value: s });

function Choice({ list, field, id, rest, onChange }) {
  const [typed, setTyped] = useState('');
  const { options, loading } = useOptions(list, field, typed);
  return <Select inputId={id} {...rest} onChange={onChange} isSearchable={how.Search !== 'no' || how.From === 'typing'} isClearable={how.Clear}
    isLoading={loading} onInputChange={setTyped} menuPortalTarget={how.Inline ? undefined : document.body}
    styles={{ menuPortal: (base) => ({ ...base, zIndex: 9999 }) }}
    options={how.Groups ? grouped(options).map(([label, some]) => ({ label, options: some.map(option) })) : options.map(option)} />;
}

function Control({ field, model, props: { id, ...rest } }) {
  const both = (value) => (x) => { rest.onChange(x); model.set(field.key, value(x)); };
  const typed = both((e) => e.target.value);
  switch (field.kind) {
    case 'choice': return <Choice list={model.list} field={field} id={id} rest={rest} onChange={both((x) => x?.value ?? '')} />;
    case 'toggle': return <Toggle id={id} isChecked={!!rest.value} onChange={(e) => { rest.onChange(e.target.checked); model.set(field.key, e.target.checked); }} />;
    case 'area': return <TextArea id={id} {...rest} onChange={typed} />;
    default: return <Textfield id={id} {...rest} onChange={typed} isReadOnly={field.kind === 'readonly'}
      type={{ number: 'number', secret: 'password' }[field.kind] || 'text'} autoComplete={field.kind === 'secret' ? 'new-password' : 'off'} />;
  }
}

const initial = (field, value) => ({ choice: value ? option(value) : null, toggle: String(value) === 'true' }[field.kind] ?? (field.kind === 'choice' ? null : value));

const kit = {
  Root: ({ children }) => <IntlProvider locale="en">{children}</IntlProvider>,
  Button: ({ kind, label, disabled, expanded, onClick, children }) =>
    <AtlaskitButton appearance={{ primary: 'primary', subtle: 'subtle', icon: 'subtle' }[kind] || 'default'} aria-label={label} aria-expanded={expanded} isDisabled={disabled} onClick={onClick}>{children}</AtlaskitButton>,
  Menu: ({ label, acts }) => <DropdownMenu trigger="•••" label={label || undefined}><DropdownItemGroup>
    {acts.map((a) => <DropdownItem key={a.label} onClick={a.onClick}>{a.label}</DropdownItem>)}</DropdownItemGroup></DropdownMenu>,
  Table: ({ head, rows }) => <DynamicTable emptyView={<p>No data</p>}
    head={{ cells: head.map((h, n) => ({ key: String(n), content: h })) }} rows={rows.map((r) => ({ key: r.id, cells: r.cells.map((c, n) => ({ key: String(n), content: c })) }))} />,
  Badge: ({ children }) => <Lozenge appearance="success">{children}</Lozenge>,
  Pager: ({ page, pages, onPage }) => <Pagination selectedIndex={page - 1} pages={Array.from({ length: pages }, (_, n) => n + 1)} onChange={(_, n) => onPage(n)} />,
  Over: ({ open, title, onClose, children }) => <ModalTransition>{open && <Modal onClose={onClose} width="large">
    <ModalHeader><ModalTitle>{title}</ModalTitle></ModalHeader><ModalBody>{children}</ModalBody></Modal>}</ModalTransition>,
  Form: ({ model, onCancel, children }) => <AtlaskitForm onSubmit={model.submit}>{({ formProps }) => <form {...formProps} noValidate>{children}
    <FormFooter><AtlaskitButton onClick={onCancel}>Cancel</AtlaskitButton><AtlaskitButton type="submit" appearance="primary" isLoading={model.busy}>Save</AtlaskitButton></FormFooter></form>}</AtlaskitForm>,
  Field: ({ field, model, error }) => <Field name={field.key} label={field.label} isRequired={field.required} defaultValue={initial(field, model.start[field.key])}>
    {({ fieldProps }) => <><Control field={field} model={model} props={fieldProps} />
      {field.help && <HelperMessage>{field.help}</HelperMessage>}{error && <ErrorMessage>{error}</ErrorMessage>}</>}</Field>,
};

start(kit);
