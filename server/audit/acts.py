"""What is written in the audit log: everything that a signed-in person or a command on the server changes. Pure."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """What somebody did; lines keep these names for ever, so that none is ever used for something else."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    OTHER_SESSIONS_ENDED = "other_sessions_ended"
    PERSON_INVITED = "person_invited"
    ACCOUNT_MADE = "account_made"
    LANGUAGE_SET = "language_set"
    KIOSK_INVITED = "kiosk_invited"
    KIOSK_INVITATION_WITHDRAWN = "kiosk_invitation_withdrawn"
    KIOSK_ADDED = "kiosk_added"
    KIOSK_REMOVED = "kiosk_removed"
    KIOSK_COMMANDED = "kiosk_commanded"
    KIOSK_SEEN_TO = "kiosk_seen_to"
    CREDENTIAL_RENEWED = "credential_renewed"
    ANNOUNCED = "announced"
    ANNOUNCEMENT_WITHDRAWN = "announcement_withdrawn"
    SENTENCE_ADDED = "sentence_added"
    CALL_TAKEN = "call_taken"
    BOXES_BEGUN = "boxes_begun"
    BOX_TICKET_UNDONE = "box_ticket_undone"
    BOXES_COUNTED = "boxes_counted"
    QUARANTINE_REPLAYED = "quarantine_replayed"
    QUEUE_IMPORTED = "queue_imported"
    QUEUE_KEY_ADDED = "queue_key_added"
    QUEUE_KEY_REMOVED = "queue_key_removed"
    REGISTRY_LOADED = "registry_loaded"
    QUESTIONNAIRE_PUBLISHED = "questionnaire_published"
    QUESTIONNAIRE_ASSIGNED = "questionnaire_assigned"
    QUESTIONNAIRE_UNASSIGNED = "questionnaire_unassigned"
    WORDS_ERASED = "words_erased"
    COUNTS_REBUILT = "counts_rebuilt"
    RESTORED = "restored"
