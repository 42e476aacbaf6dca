"""The words of the template workbook, in English and Ukrainian.

Names of sheets and columns are the same in every language: they are what is read. English explanations are those of
the tables' own definitions.
"""

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "uk"]

ABOUT_SHEET: Mapping[Language, str] = {"en": "about", "uk": "довідка"}

ABOUT: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "A case for Antigone, in one workbook.",
        "Each sheet is a table; its first row names the columns and must stay as it is.",
        "What a column holds stands in the note of its name.",
        "Columns with a dark head must be filled; the others may be deleted or left empty.",
        "Sheets that you do not need may be deleted. Needed are profiles, remains and families.",
        "Type values, no formulas. All cells are text, so that Excel makes no date of 9.3.",
        "Alleles have a decimal point.",
        "Check the workbook before it is used: antigone inspect FILE.xlsx names every mistake by sheet and cell.",
        "Compare: antigone identify FILE.xlsx --out report",
        "Settings that you leave empty are left to defaults, and every result says so.",
        "Personal data: keep this file as you keep the file of the case. It is not encrypted.",
    ),
    "uk": (
        "Справа для Antigone в одній книзі.",
        "Кожен аркуш — таблиця; перший рядок називає стовпці, його не можна змінювати.",
        "Що містить стовпець, сказано в примітці до його назви.",
        "Стовпці з темним заголовком обов’язкові; інші можна вилучити або лишити порожніми.",
        "Непотрібні аркуші можна вилучити. Обов’язкові: profiles, remains і families.",
        "Вводьте значення, а не формули. Усі клітинки текстові, щоб Excel не зробив з 9.3 дату.",
        "Дробові алелі пишуть з крапкою, напр. 9.3.",
        "Перевірте книгу перед використанням: antigone inspect FILE.xlsx назве кожну помилку за аркушем і клітинкою.",
        "Порівняння: antigone identify FILE.xlsx --out report",
        "Налаштування, які ви лишите порожніми, беруться за замовчуванням, і це зазначено в кожному результаті.",
        "Персональні дані: зберігайте цей файл так само, як матеріали справи. Він не зашифрований.",
    ),
}

SETTINGS_HEADER: Mapping[Language, tuple[str, str, str]] = {
    "en": ("key", "value", "explanation"),
    "uk": ("ключ", "значення", "пояснення"),
}

SETTINGS: tuple[tuple[str, Mapping[Language, str]], ...] = (
    ("name", {"en": "what the case is called", "uk": "назва справи"}),
    (
        "kit",
        {
            "en": "the name of a kit, or markers between semicolons",
            "uk": "назва набору або маркери через крапку з комою",
        },
    ),
    ("theta", {"en": "co-ancestry, such as 0.01", "uk": "θ, коефіцієнт спорідненості в популяції, напр. 0.01"}),
    (
        "prior",
        {
            "en": "the probability that an individual is among the missing searched",
            "uk": "імовірність, що невпізнана особа є серед розшукуваних",
        },
    ),
    ("threshold", {"en": "log10 LR from which a pair is listed", "uk": "log10 LR, від якого пара потрапляє до списку"}),
    (
        "stochastic_threshold",
        {
            "en": "peak height from which a single allele is homozygous",
            "uk": "висота піку, від якої одиночний алель вважають гомозиготою",
        },
    ),
    ("year", {"en": "the year of the recoveries", "uk": "рік вилучення останків"}),
    (
        "drop_out",
        {"en": "how often an allele of remains is not seen", "uk": "як часто алеля останків не видно (drop-out)"},
    ),
    ("drop_in", {"en": "how often a stray allele is read", "uk": "як часто з’являється сторонній алель (drop-in)"}),
    (
        "rare_alleles",
        {"en": "refuse, 5/2N, laplace or a least frequency", "uk": "refuse, 5/2N, laplace або найменша частота"},
    ),
    (
        "mutation.female.model",
        {"en": "such as stepwise or equal", "uk": "модель мутацій у матері, напр. stepwise або equal"},
    ),
    ("mutation.female.rate", {"en": "of mothers, such as 0.001", "uk": "частота мутацій у матері, напр. 0.001"}),
    (
        "mutation.male.model",
        {"en": "such as stepwise or equal", "uk": "модель мутацій у батька, напр. stepwise або equal"},
    ),
    ("mutation.male.rate", {"en": "of fathers, such as 0.002", "uk": "частота мутацій у батька, напр. 0.002"}),
)

UKRAINIAN: Mapping[str, Mapping[str, str]] = {
    "profiles": {
        "sample": "назва зразка",
        "replicate": "номер повтору: у кожному рядку зразка або в жодному",
        "marker": "назва маркера, у будь-якому написанні",
        "allele1": "алель, напр. 12 або 9.3, OL, >20 чи ?; порожньо, де нічого не прочитано",
        "allele2": "другий алель; той самий ще раз для гомозиготи; порожньо або ?, де його не видно",
    },
    "remains": {
        "remains": "номер останків",
        "sample": "назва зразка з аркуша profiles; порожньо, якщо зразка не брали",
        "bag": "мішок, у якому вони надійшли",
        "transfer": "передача, з якою вони надійшли",
        "sex": "F (жінка), M (чоловік) чи U (невідомо), або порожньо",
        "age_min": "найменший вік у роках, від 0 до 130",
        "age_max": "найбільший вік у роках, від 0 до 130, не менший за age_min",
        "stature": "зріст, словами чи цифрами",
        "elements": "наявні елементи скелета через крапку з комою, напр. ‘skull; left femur’",
        "run": "лабораторна серія (планшет), у якій типували зразок цього рядка",
    },
    "families": {
        "family": "назва родини",
        "person": "назва особи, єдина в межах родини",
        "father": "батько, особа з цієї родини; порожньо, якщо невідомий",
        "mother": "мати, особа з цієї родини; порожньо, якщо невідома",
        "sex": "F (жінка), M (чоловік) чи U (невідомо), або порожньо",
        "role": "missing (зниклий безвісти), donor (донор) або other (інша особа)",
        "sample": "назва зразка з аркуша profiles, кілька — через крапку з комою; порожньо, якщо немає",
        "birth_year": "рік, напр. 1987, або порожньо",
        "missing_since": "рік, напр. 2022, лише для зниклого; або порожньо",
        "identical_twin": "та сама позначка для всіх однояйцевих близнюків; для інших порожньо",
        "inbreeding": "коефіцієнт інбридингу особи, чиїх батьків тут немає, від 0 до 1",
        "no_unlisted_sibling": "yes, якщо родина письмово підтвердила, що зниклий не має рідного брата чи сестри, не "
        "названих тут; інакше порожньо",
    },
    "descriptions": {
        "remains": "номер останків з аркуша remains; порожньо в рядку особи",
        "family": "родина зниклого; порожньо в рядку останків",
        "person": "зниклий з цієї родини; порожньо в рядку останків",
        "stature_min": "найменший зріст у см, від 20 до 260",
        "stature_max": "найбільший зріст у см, від 20 до 260, не менший за stature_min",
        "hair": "black, brown, blond, red чи grey, або порожньо",
        "marks": "коди через крапку з комою: вид (tattoo, scar, birthmark, piercing) і місце на тілі, напр. ‘tattoo "
        "left forearm’; ‘none’, якщо немає жодної; порожньо, якщо ніхто не дивився чи не питав",
        "marks_text": "прикмети словами; показують, але не оцінюють",
        "documents": "номери документів і жетонів через крапку з комою, кожен один раз",
        "latitude": "градуси північної широти, від -90 до 90, місця вилучення або де востаннє бачили",
        "longitude": "градуси східної довготи, від -180 до 180, місця вилучення або де востаннє бачили",
        "date": "день, напр. 2024-05-31, вилучення або коли востаннє бачили",
    },
    "frequencies": {
        "marker": "назва маркера, у будь-якому написанні",
        "allele": "алель, напр. 12 або 9.3 (з крапкою)",
        "frequency": "частота від 0 до 1",
        "count": "скільки разів алель трапився: ціле число",
        "chromosomes": "скільки хромосом типовано за цим маркером (2N): ціле число",
    },
    "mtdna": {
        "sample": "назва зразка, яку вказано на аркуші remains або families",
        "ranges": "прочитані ділянки, напр. 16024-16365;73-340",
        "differences": "відмінності від rCRS через пробіл, напр. ‘263G 315.1C 249DEL 16093Y’; порожньо, якщо їх немає",
    },
    "y_database": {
        "haplotype": "власна назва, яка не використовується",
        "count": "скільки людей його мають: ціле число від 1; без цього стовпця — 1",
    },
    "mt_database": {
        "ranges": "прочитані ділянки, напр. 16024-16365;73-340",
        "differences": "відмінності від rCRS через пробіл, напр. ‘263G 315.1C 249DEL 16093Y’; порожньо, якщо їх немає",
        "count": "скільки людей її мають: ціле число від 1; без цього стовпця — 1",
    },
}
"""What stands in each column, by table, in Ukrainian."""

CHOOSE: Mapping[Language, str] = {"en": "Choose one of the list", "uk": "Виберіть зі списку"}
Y_MARKER: Mapping[Language, str] = {
    "en": "an allele of this Y marker; several copies between semicolons; empty where nothing was read",
    "uk": "алель цього Y-маркера; кілька копій через крапку з комою; порожньо, де нічого не прочитано",
}
