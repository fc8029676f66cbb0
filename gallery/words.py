"""What stands on the gallery's screens: short and long, in both languages."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "centre": {"uk": "ЦНАП Оболонського району", "en": "ЦНАП Оболонського району"},
    "how-served": {"uk": "Як Вас обслужили?", "en": "How were you served?"},
    "excellent": {"uk": "чудово", "en": "excellent"},
    "good": {"uk": "добре", "en": "good"},
    "acceptable": {"uk": "прийнятно", "en": "acceptable"},
    "poor": {"uk": "погано", "en": "poor"},
    "terrible": {"uk": "жахливо", "en": "terrible"},
    "why-bad": {"uk": "Що було не так?", "en": "What was wrong?"},
    "reasons": {
        "uk": "Довга черга; Неввічливе ставлення; Незрозуміле пояснення; Потрібно прийти ще раз; Складно потрапити до приміщення; Інше",
        "en": "A long queue; Impolite treatment; Unclear explanation; I have to come again; Hard to get into the building; Something else",
    },
    "several": {"uk": "Можна вибрати кілька відповідей", "en": "You can choose several"},
    "solved": {"uk": "Чи вирішили Ваше питання?", "en": "Was your matter settled?"},
    "yes": {"uk": "Так", "en": "Yes"},
    "no": {"uk": "Ні", "en": "No"},
    "easy": {"uk": "Наскільки легко було отримати послугу?", "en": "How easy was it to get the service?"},
    "recommend": {
        "uk": "Наскільки ймовірно, що Ви порадите наш центр знайомим?",
        "en": "How likely are you to recommend our centre to people you know?",
    },
    "end-low": {"uk": "Зовсім ні", "en": "Not at all"},
    "end-high": {"uk": "Так, повністю", "en": "Yes, fully"},
    "long-question": {
        "uk": "Наскільки Ви задоволені тим, як працівники центру надання адміністративних послуг пояснили Вам порядок отримання довідки?",
        "en": "How satisfied are you with the way in which the staff of the administrative services centre explained the procedure to you?",
    },
    "long-note": {
        "uk": "Відповідь допоможе нам змінити порядок роботи й не пов’язується з Вашим іменем",
        "en": "Your answer helps us to change the way we work and is not linked with your name",
    },
    "long-answer": {
        "uk": "Неприйнятно довге очікування перереєстрації місця проживання",
        "en": "Unacceptably long waiting for the reregistration of my residence",
    },
    "what-else": {"uk": "Що нам варто змінити?", "en": "What should we change?"},
    "no-names": {"uk": "Не пишіть, будь ласка, імен і номерів документів", "en": "Please do not write names or document numbers"},
    "comment": {
        "uk": "Зручно, що є ґанок із пандусом. У коридорі бракує стільців: люди з дітьми стояли пів години.",
        "en": "The ramp at the porch is handy. There are too few chairs in the hall: people with children stood for half an hour.",
    },
    "call-back": {"uk": "Зв’язатися з Вами?", "en": "Shall we contact you?"},
    "purpose": {
        "uk": "Щоб розповісти Вам, що зроблено за Вашим зауваженням.",
        "en": "So that we can tell you what was done about your remark.",
    },
    "consent": {
        "uk": "Надсилаючи, Ви погоджуєтеся, щоб центр зберігав ці дані до відповіді, але не довше ніж 30 днів.",
        "en": "By sending it you agree that the centre keeps it until you have an answer, for 30 days at most.",
    },
    "long-consent": {
        "uk": "Надсилаючи, Ви погоджуєтеся, щоб центр надання адміністративних послуг обробляв ці дані лише для відповіді Вам. "
        "Їх бачить лише відповідальна особа, і їх зітруть після відповіді, але не пізніше ніж за 30 днів.",
        "en": "By sending it you agree that the administrative services centre uses it only to answer you. "
        "Only the person in charge sees it, and it is erased after the answer, within 30 days at the latest.",
    },
    "service": {"uk": "Паспорти та довідки", "en": "Passports and certificates"},
    "clerk": {"uk": "Оксана; Тарас; Марина; Богдан", "en": "Oksana; Taras; Maryna; Bohdan"},
    "long-service": {
        "uk": "Реєстрація місця проживання, соціальні послуги та довідки",
        "en": "Registration of residence, social services and certificates",
    },
    "done": {"uk": "Поставили шість стільців біля столів 4–6.", "en": "We put six chairs next to desks 4–6."},
    "long-done": {
        "uk": "Ви писали, що довго чекаєте по четвергах після обіду. З березня тоді працюють ще два столи, і черга стала вдвічі коротшою.",
        "en": "You wrote that you wait long on Thursday afternoons. Since March two more desks work then, and the queue is half as long.",
    },
    "closing": {
        "uk": "Ваші відповіді допоможуть зробити послуги зручнішими для всіх.",
        "en": "Your answers help to make the services better for everyone.",
    },
    "air-raid": {"uk": "Пройдіть, будь ласка, до укриття.", "en": "Please go to the shelter."},
    "shelter": {"uk": "Сходами вниз, двері ліворуч", "en": "Down the stairs, the door on the left"},
    "long-shelter": {
        "uk": "Вийдіть на подвір’я, поверніть праворуч за ріг будинку і йдіть за стрілками до входу № 3; з візком – через двері біля ліфта",
        "en": "Go out to the yard, turn right and follow the arrows to entrance 3; with a wheelchair, take the door by the lift",
    },
    "maintenance": {"uk": "Термінал знову запрацює о 14:00.", "en": "The terminal will work again at 14:00."},
    "information": {
        "uk": "У п’ятницю, 27 листопада, центр працює до 16:00.",
        "en": "On Friday, 27 November, the centre is open until 16:00.",
    },
    "enrol-ask": {
        "uk": "Не під’єднано. Скануйте запрошення або введіть його адресу й код.",
        "en": "Not enrolled. Scan the invitation, or type its address and its code.",
    },
    "menu-title": {"uk": "Обслуговування", "en": "Maintenance"},
    "menu": {
        "uk": "Про термінал | kyiv-obolon-1; Самоперевірка | Усе гаразд; Мережа | Сервер відповідає за 12 мс; "
        "До надсилання | Чекають 184 записи з учорашнього дня; Гучність | 70 %; Яскравість | 80 %; "
        "Пробний голос | Зберігається окремо й не враховується; Перезапуск | ; Годинник | Точний; Кнопки | Не під’єднані",
        "en": "About this kiosk | kyiv-obolon-1; Self-test | All is well; Network | The server answers within 12 ms; "
        "Outbox | 184 records have been waiting since yesterday; Volume | 70 %; Brightness | 80 %; "
        "Test vote | It is kept apart and never counted; Restart | ; Clock | Exact; Buttons | Not connected",
    },
}
