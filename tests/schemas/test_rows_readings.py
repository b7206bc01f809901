"""Row by row: what the text says of a matter, and how its open points are read."""

from __future__ import annotations

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")
PROOF = (
    "full contact details and a means of verifying identity, e.g. the front of an identity card with photo and number "
    "made "
)


@pytest.mark.parametrize(
    ("policy", "topic", "word"),
    [
        pytest.param(
            PARCELS,
            "scope",
            "use of the shipping platform, without an account or with one",
            marks=pytest.mark.policy("VP-SCO-1"),
        ),
        pytest.param(PARCELS, "profiling", "consent_only", marks=pytest.mark.policy("VP-PRO-1")),
        pytest.param(PARCELS, "art22", "unspecified", marks=pytest.mark.policy("VP-ADM-1", "AMB-17")),
        pytest.param(PARCELS, "changes", "in_force_on_publication", marks=pytest.mark.policy("VP-REV-1")),
        pytest.param(
            PARCELS, "revision_date", "at_the_beginning_of_the_text", marks=pytest.mark.policy("VP-REV-2", "AMB-18")
        ),
        pytest.param(PARCELS, "retention_of_other_data", "unspecified", marks=pytest.mark.policy("VP-RET-5")),
        pytest.param(
            PARCELS,
            "collected_through",
            "websites, applications, forms, e-mail, telephone, cookies and the like",
            marks=pytest.mark.policy("VP-COL-1"),
        ),
        pytest.param(PARCELS, "plugin_exchange", "automatic_and_structured", marks=pytest.mark.policy("VP-PLG-2")),
        pytest.param(PARCELS, "plugin_start", "on_request_to_integrate", marks=pytest.mark.policy("VP-PLG-3")),
        pytest.param(PARCELS, "level_unknown", "denied", marks=pytest.mark.policy("X-LVL-2")),
        pytest.param(PARCELS, "rights", "per_general_policy", marks=pytest.mark.policy("X-RGT-1")),
        pytest.param(
            PARCELS,
            "identity_proof",
            PROOF + "invisible",
            marks=pytest.mark.policy("X-IDV-1"),
        ),
        pytest.param(PARCELS, "identity_copies", "never_kept", marks=pytest.mark.policy("X-IDV-1")),
        pytest.param(PARCELS, "extra_proof", "only_with_a_recorded_reason", marks=pytest.mark.policy("X-IDV-2")),
        pytest.param(PARCELS, "refusal_of_requests", "excessive_or_abusive", marks=pytest.mark.policy("X-REF-1")),
        pytest.param(
            CONTACTS,
            "scope",
            "collection and processing in the context of Maxiresponse",
            marks=pytest.mark.policy("MX-SCO-1"),
        ),
        pytest.param(CONTACTS, "profiling", "consent_only", marks=pytest.mark.policy("MX-PRO-1", "AMB-12")),
        pytest.param(CONTACTS, "art22", "none", marks=pytest.mark.policy("MX-ADM-1")),
        pytest.param(CONTACTS, "changes", "in_force_on_publication", marks=pytest.mark.policy("MX-REV-1")),
        pytest.param(CONTACTS, "revision_date", "at_the_beginning_of_the_text", marks=pytest.mark.policy("MX-REV-1")),
        pytest.param(CONTACTS, "retention_without_agreement", "unspecified", marks=pytest.mark.policy("MX-RET-2")),
        pytest.param(
            CONTACTS,
            "collected_through",
            "websites, applications, digital forms, e-mail, telephone, cookies and the like",
            marks=pytest.mark.policy("MX-COL-1"),
        ),
        pytest.param(CONTACTS, "level_unknown", "denied", marks=pytest.mark.policy("X-LVL-2")),
        pytest.param(CONTACTS, "rights", "per_general_policy", marks=pytest.mark.policy("X-RGT-1")),
        pytest.param(
            CONTACTS,
            "identity_proof",
            PROOF + "illegible",
            marks=pytest.mark.policy("X-IDV-1"),
        ),
        pytest.param(CONTACTS, "identity_copies", "never_kept", marks=pytest.mark.policy("X-IDV-1")),
        pytest.param(CONTACTS, "extra_proof", "only_with_a_recorded_reason", marks=pytest.mark.policy("X-IDV-2")),
        pytest.param(CONTACTS, "refusal_of_requests", "excessive_or_abusive", marks=pytest.mark.policy("X-REF-1")),
        pytest.param(
            STAMPS,
            "scope",
            "collection and processing in the context of the MyStamp website and application",
            marks=pytest.mark.policy("MS-SCO-1"),
        ),
        pytest.param(STAMPS, "profiling", "prohibited", marks=pytest.mark.policy("MS-PRO-1")),
        pytest.param(STAMPS, "art22", "none", marks=pytest.mark.policy("MS-ADM-1")),
        pytest.param(STAMPS, "changes", "in_force_on_publication", marks=pytest.mark.policy("MS-REV-1")),
        pytest.param(
            STAMPS, "revision_date", "at_the_beginning_of_the_text", marks=pytest.mark.policy("MS-REV-1", "AMB-18")
        ),
        pytest.param(
            STAMPS, "lawfulness_of_depicted", "verified_by_the_customer", marks=pytest.mark.policy("MS-CTL-3")
        ),
        pytest.param(STAMPS, "rights_of_depicted", "answered_by_the_customer", marks=pytest.mark.policy("MS-CTL-4")),
        pytest.param(STAMPS, "collected_through", "the MyStamp website", marks=pytest.mark.policy("MS-COL-1")),
        pytest.param(
            STAMPS,
            "objection_form",
            "written, dated and signed, with a proof of identity, or by web form",
            marks=pytest.mark.policy("MS-PUR-4", "AMB-15"),
        ),
        pytest.param(STAMPS, "objection_proof", "never_asked", marks=pytest.mark.policy("AMB-15")),
        pytest.param(STAMPS, "rights", "per_general_policy", marks=pytest.mark.policy("X-RGT-1")),
        pytest.param(
            STAMPS,
            "identity_proof",
            PROOF + "illegible",
            marks=pytest.mark.policy("X-IDV-1"),
        ),
        pytest.param(STAMPS, "identity_copies", "never_kept", marks=pytest.mark.policy("X-IDV-1")),
        pytest.param(STAMPS, "extra_proof", "only_with_a_recorded_reason", marks=pytest.mark.policy("X-IDV-2")),
        pytest.param(STAMPS, "refusal_of_requests", "excessive_or_abusive", marks=pytest.mark.policy("X-REF-1")),
    ],
)
def test_what_the_text_says_of_a_matter(policy: Policy, topic: str, word: str) -> None:
    assert topic in policy.topics
    assert policy.says(topic) == word


@pytest.mark.parametrize(
    ("policy", "name", "in_force", "others"),
    [
        pytest.param(
            PARCELS, "recipient_clock", "label-created", ("delivered",), marks=pytest.mark.policy("AMB-2", "VP-RET-4")
        ),
        pytest.param(
            PARCELS,
            "sender_legal_start",
            "label-created",
            ("end-of-use",),
            marks=pytest.mark.policy("AMB-3", "VP-RET-3"),
        ),
        pytest.param(
            PARCELS, "email_optional", "conditional", ("optional",), marks=pytest.mark.policy("AMB-1", "VP-CAT-8")
        ),
        pytest.param(
            PARCELS, "guest_basis", "contract", ("legitimate-interest",), marks=pytest.mark.policy("AMB-9", "VP-BAS-1")
        ),
        pytest.param(
            PARCELS,
            "company_contact_basis",
            "literal",
            ("legitimate-interest",),
            marks=pytest.mark.policy("AMB-10", "VP-BAS-1"),
        ),
        pytest.param(PARCELS, "category_list", "closed", (), marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param(PARCELS, "shared_record", "by-part", (), marks=pytest.mark.policy("AMB-4")),
        pytest.param(PARCELS, "former_user", "marketing-only", (), marks=pytest.mark.policy("AMB-5", "VP-RET-1")),
        pytest.param(PARCELS, "end_of_marketing", "restrict", (), marks=pytest.mark.policy("AMB-6")),
        pytest.param(PARCELS, "automated_decisions", "unspecified", (), marks=pytest.mark.policy("AMB-17", "VP-ADM-1")),
        pytest.param(PARCELS, "revision_date", "by-digest", (), marks=pytest.mark.policy("AMB-18", "VP-REV-2")),
        pytest.param(PARCELS, "transfer_list", "open", (), marks=pytest.mark.policy("AMB-19", "VP-TRF-1")),
        pytest.param(PARCELS, "date_arithmetic", "last-day-included", (), marks=pytest.mark.policy("AMB-20")),
        pytest.param(PARCELS, "own_storage", "ceiling", (), marks=pytest.mark.policy("AMB-21")),
        pytest.param(CONTACTS, "category_list", "closed", (), marks=pytest.mark.policy("MX-CAT-2")),
        pytest.param(CONTACTS, "plugin_source", "refused", ("override",), marks=pytest.mark.policy("MX-COL-1")),
        pytest.param(CONTACTS, "end_of_agreement", "every-end", (), marks=pytest.mark.policy("AMB-7", "MX-RET-1")),
        pytest.param(CONTACTS, "statutory_terms", "hold", (), marks=pytest.mark.policy("AMB-8")),
        pytest.param(CONTACTS, "consent_ended", "withdraw", (), marks=pytest.mark.policy("AMB-11", "MX-PUR-5")),
        pytest.param(CONTACTS, "profiling_gate", "consent", (), marks=pytest.mark.policy("AMB-12", "MX-PRO-1")),
        pytest.param(CONTACTS, "transfer_list", "closed", (), marks=pytest.mark.policy("AMB-19", "MX-TRF-1")),
        pytest.param(CONTACTS, "date_arithmetic", "last-day-included", (), marks=pytest.mark.policy("AMB-20")),
        pytest.param(CONTACTS, "own_storage", "ceiling", (), marks=pytest.mark.policy("AMB-21")),
        pytest.param(STAMPS, "two_lists", "section-3", (), marks=pytest.mark.policy("AMB-13", "MS-CAT-3")),
        pytest.param(STAMPS, "plugin_source", "refused", ("override",), marks=pytest.mark.policy("MS-COL-1")),
        pytest.param(STAMPS, "advertising_platforms", "denied", (), marks=pytest.mark.policy("AMB-14", "MS-REC-2")),
        pytest.param(STAMPS, "objection", "unconditional", (), marks=pytest.mark.policy("AMB-15", "MS-PUR-4")),
        pytest.param(STAMPS, "photo_clock", "customer", ("order",), marks=pytest.mark.policy("AMB-16", "MS-RET-1")),
        pytest.param(STAMPS, "image_metadata", "stripped", (), marks=pytest.mark.policy("MS-CAT-6")),
        pytest.param(STAMPS, "revision_date", "by-digest", (), marks=pytest.mark.policy("AMB-18", "MS-REV-1")),
        pytest.param(STAMPS, "transfer_list", "closed", (), marks=pytest.mark.policy("AMB-19", "MS-TRF-1")),
        pytest.param(STAMPS, "date_arithmetic", "last-day-included", (), marks=pytest.mark.policy("AMB-20")),
        pytest.param(STAMPS, "own_storage", "ceiling", (), marks=pytest.mark.policy("AMB-21")),
    ],
)
def test_the_reading_in_force_and_what_else_there_is(
    policy: Policy, name: str, in_force: str, others: tuple[str, ...]
) -> None:
    point = policy.interpretations[name]
    assert (point.chosen, point.clause.mark) == (in_force, "I")
    assert {*point.choices} == {in_force, *others}


@pytest.mark.parametrize(
    ("policy", "name", "choice", "effects"),
    [
        pytest.param(
            PARCELS,
            "recipient_clock",
            "label-created",
            {"trigger of vp.recipient.operational": "label_created", "stated of vp.recipient.operational": True},
            marks=pytest.mark.policy("AMB-2", "VP-RET-4"),
        ),
        pytest.param(
            PARCELS,
            "recipient_clock",
            "delivered",
            {"trigger of vp.recipient.operational": "delivered", "stated of vp.recipient.operational": False},
            marks=pytest.mark.policy("AMB-2", "VP-RET-4"),
        ),
        pytest.param(
            PARCELS,
            "sender_legal_start",
            "label-created",
            {"trigger of vp.sender.legal": "label_created", "stated of vp.sender.legal": False},
            marks=pytest.mark.policy("AMB-3", "VP-RET-3"),
        ),
        pytest.param(
            PARCELS,
            "sender_legal_start",
            "end-of-use",
            {"trigger of vp.sender.legal": "end_of_use", "stated of vp.sender.legal": False},
            marks=pytest.mark.policy("AMB-3", "VP-RET-3"),
        ),
        pytest.param(
            PARCELS,
            "email_optional",
            "conditional",
            {"mark of recipient.contact.email": "conditional", "mark of sender.contact.email": "no"},
            marks=pytest.mark.policy("AMB-1", "VP-CAT-8"),
        ),
        pytest.param(
            PARCELS,
            "email_optional",
            "optional",
            {"mark of recipient.contact.email": "yes", "mark of sender.contact.email": "yes"},
            marks=pytest.mark.policy("AMB-1", "VP-CAT-8"),
        ),
        pytest.param(
            PARCELS,
            "guest_basis",
            "contract",
            {"basis of guest": "A6-1-b"},
            marks=pytest.mark.policy("AMB-9", "VP-BAS-1"),
        ),
        pytest.param(
            PARCELS,
            "guest_basis",
            "legitimate-interest",
            {"basis of guest": "A6-1-f"},
            marks=pytest.mark.policy("AMB-9", "VP-BAS-1"),
        ),
        pytest.param(
            PARCELS,
            "company_contact_basis",
            "literal",
            {"basis of professional": "A6-1-b"},
            marks=pytest.mark.policy("AMB-10", "VP-BAS-1"),
        ),
        pytest.param(
            PARCELS,
            "company_contact_basis",
            "legitimate-interest",
            {"basis of professional": "A6-1-f"},
            marks=pytest.mark.policy("AMB-10", "VP-BAS-1"),
        ),
        pytest.param(
            CONTACTS,
            "plugin_source",
            "refused",
            {"plugin of maxiresponse": False},
            marks=pytest.mark.policy("MX-COL-1"),
        ),
        pytest.param(
            CONTACTS,
            "plugin_source",
            "override",
            {"plugin of maxiresponse": True},
            marks=pytest.mark.policy("MX-COL-1"),
        ),
        pytest.param(
            STAMPS,
            "plugin_source",
            "refused",
            {"plugin of mystamp": False, "plugin of mystamp_pro": False},
            marks=pytest.mark.policy("MS-COL-1"),
        ),
        pytest.param(
            STAMPS,
            "plugin_source",
            "override",
            {"plugin of mystamp": True, "plugin of mystamp_pro": True},
            marks=pytest.mark.policy("MS-COL-1"),
        ),
        pytest.param(
            STAMPS,
            "photo_clock",
            "customer",
            {
                "trigger of ms.photo": "last_order",
                "stated of ms.photo": True,
                "trigger of ms.depicted": "last_order",
                "stated of ms.depicted": True,
                "resets of ms.photo": True,
                "resets of ms.depicted": True,
            },
            marks=pytest.mark.policy("AMB-16", "MS-RET-1"),
        ),
        pytest.param(
            STAMPS,
            "photo_clock",
            "order",
            {
                "trigger of ms.photo": "ordered",
                "stated of ms.photo": False,
                "trigger of ms.depicted": "ordered",
                "stated of ms.depicted": False,
                "resets of ms.photo": False,
                "resets of ms.depicted": False,
            },
            marks=pytest.mark.policy("AMB-16", "MS-RET-1"),
        ),
    ],
)
def test_what_a_reading_changes(policy: Policy, name: str, choice: str, effects: dict[str, str | bool]) -> None:
    read = policy.interpret({name: choice})
    for effect, value in effects.items():
        assert _found(read, *effect.split(" of ")) == value, effect


def _found(policy: Policy, what: str, row: str) -> str | bool:
    match what:
        case "trigger":
            return policy.retention[row].trigger
        case "stated":
            return policy.retention[row].trigger_stated
        case "resets":
            return policy.retention[row].resets
        case "basis":
            return policy.bases[row].basis
        case "plugin":
            return policy.account_types[row].plugin
    rule = policy.category_rule(row)
    return rule.optional if rule else "no row"
