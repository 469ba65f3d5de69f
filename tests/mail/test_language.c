/* mail/language: one or two sentences of support mail in the languages it is written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/must.h"
#include "mail/language.h"

/* clang-format off */
static const struct {
	const char *tag, *text;
} cases[] = {
	{"en", "Hello, I cannot log in to my account since yesterday. Can you please help?"},
	{"en", "My order has not arrived yet."},
	{"en", "Where is my refund?"},
	{"en", "Printer broken again"},
	{"de", "Guten Tag, ich kann mich seit gestern nicht mehr anmelden. Können Sie mir bitte helfen?"},
	{"de", "Meine Bestellung ist noch nicht angekommen."},
	{"de", "Danke, hat geklappt."},
	{"de", "Der Drucker druckt nicht."},
	{"fr", "Bonjour, je ne peux plus me connecter à mon compte depuis hier. Pouvez-vous m'aider ?"},
	{"fr", "Ma commande n'est pas encore arrivée."},
	{"fr", "Merci beaucoup pour votre aide."},
	{"es", "Hola, no puedo entrar en mi cuenta desde ayer. ¿Me pueden ayudar?"},
	{"es", "Mi pedido todavía no ha llegado."},
	{"es", "Muchas gracias por su ayuda."},
	{"it", "Buongiorno, da ieri non riesco più ad accedere al mio account. Potete aiutarmi?"},
	{"it", "Il mio ordine non è ancora arrivato."},
	{"it", "Grazie mille per il vostro aiuto."},
	{"pt", "Olá, não consigo entrar na minha conta desde ontem. Podem ajudar-me?"},
	{"pt", "O meu pedido ainda não chegou."},
	{"pt", "Muito obrigado pela sua ajuda."},
	{"nl", "Goedemorgen, ik kan sinds gisteren niet meer inloggen. Kunt u mij helpen?"},
	{"nl", "Mijn bestelling is nog niet aangekomen."},
	{"nl", "Bedankt voor de snelle hulp."},
	{"sv", "Hej, jag kan inte logga in på mitt konto sedan igår. Kan ni hjälpa mig?"},
	{"sv", "Min beställning har inte kommit fram ännu."},
	{"da", "Hej, jeg kan ikke logge ind på min konto siden i går. Kan I hjælpe mig?"},
	{"da", "Min ordre er ikke kommet frem endnu, og jeg har brug for hjælp."},
	{"nb", "Hei, jeg kan ikke logge inn på kontoen min siden i går. Kan dere hjelpe meg?"},
	{"nb", "Bestillingen min har ikke kommet frem ennå, hva skal jeg gjøre?"},
	{"fi", "Hei, en voi kirjautua tililleni eilisestä lähtien. Voitteko auttaa?"},
	{"fi", "Tilaukseni ei ole vielä saapunut."},
	{"pl", "Dzień dobry, od wczoraj nie mogę zalogować się na swoje konto. Czy mogą mi Państwo pomóc?"},
	{"pl", "Moje zamówienie jeszcze nie dotarło."},
	{"cs", "Dobrý den, od včerejška se nemohu přihlásit ke svému účtu. Můžete mi prosím pomoci?"},
	{"cs", "Moje objednávka ještě nedorazila."},
	{"sk", "Dobrý deň, od včera sa nemôžem prihlásiť do svojho účtu. Môžete mi prosím pomôcť?"},
	{"sk", "Moja objednávka ešte neprišla, prosím o odpoveď, ďakujem."},
	{"hu", "Jó napot, tegnap óta nem tudok belépni a fiókomba. Tudnának segíteni?"},
	{"hu", "A rendelésem még nem érkezett meg."},
	{"ro", "Bună ziua, de ieri nu mai pot intra în contul meu. Mă puteți ajuta?"},
	{"ro", "Comanda mea nu a ajuns încă."},
	{"cs", "Moje tiskárna už nefunguje."},
	{"cs", "Nemohu se přihlásit ke svému účtu."},
	{"tr", "Hesabıma giriş yapamıyorum."},
	{"ca", "La meva impressora no funciona."},
	{"nb", "Skriveren min virker ikke lenger."},
	{"pl", "ŁADNIE PROSZĘ O FAKTURĘ, ŻEBY MOŻNA BYŁO ZAPŁACIĆ."},
	{"tr", "Merhaba, dünden beri hesabıma giriş yapamıyorum. Yardımcı olur musunuz?"},
	{"tr", "Siparişim hala gelmedi, ne zaman gelir?"},
	{"id", "Halo, saya tidak bisa masuk ke akun saya sejak kemarin. Mohon bantuannya."},
	{"id", "Pesanan saya belum sampai."},
	{"vi", "Xin chào, từ hôm qua tôi không thể đăng nhập vào tài khoản của mình."},
	{"vi", "Đơn hàng của tôi vẫn chưa đến."},
	{"ru", "Здравствуйте, со вчерашнего дня не могу войти в свой аккаунт. Помогите, пожалуйста."},
	{"ru", "Мой заказ ещё не пришёл."},
	{"uk", "Добрий день, з учорашнього дня не можу увійти до свого облікового запису."},
	{"uk", "Моє замовлення ще не прийшло."},
	{"bg", "Здравейте, от вчера не мога да вляза в акаунта си. Моля, помогнете."},
	{"bg", "Поръчката ми още не е пристигнала."},
	{"el", "Καλημέρα, από χθες δεν μπορώ να συνδεθώ στον λογαριασμό μου."},
	{"el", "Η παραγγελία μου δεν έχει φτάσει."},
	{"zh-CN", "您好，我从昨天开始无法登录账户，请帮忙处理。"},
	{"zh-CN", "订单还没有收到。"},
	{"zh-CN", "请问 Outlook 365 的 IMAP 怎么设置？"},
	{"zh-TW", "您好，我從昨天開始無法登入帳戶，請幫忙處理。"},
	{"zh-TW", "訂單還沒有收到。"},
	{"ja", "昨日からアカウントにログインできません。助けてください。"},
	{"ja", "注文した商品がまだ届きません。"},
	{"ko", "안녕하세요, 어제부터 계정에 로그인할 수 없습니다. 도와주세요."},
	{"ko", "주문한 상품이 아직 도착하지 않았습니다."},
	{"ar", "مرحبا، لا أستطيع الدخول إلى حسابي منذ أمس."},
	{"fa", "سلام، از دیروز نمی‌توانم وارد حساب کاربری خود شوم. لطفاً کمک کنید."},
	{"he", "שלום, מאתמול אני לא מצליח להיכנס לחשבון שלי."},
	{"th", "สวัสดีครับ ตั้งแต่เมื่อวานฉันเข้าสู่ระบบไม่ได้"},
	{"hi", "नमस्ते, मैं कल से अपने खाते में लॉग इन नहीं कर पा रहा हूँ।"},
	{"ca", "Bon dia, des d'ahir no puc entrar al meu compte. Em podeu ajudar?"},
	{"hr", "Dobar dan, od jučer se ne mogu prijaviti na svoj račun. Možete li mi pomoći?"},
	{"sl", "Dober dan, od včeraj se ne morem prijaviti v svoj račun. Mi lahko pomagate?"},
	{"lt", "Laba diena, nuo vakar negaliu prisijungti prie savo paskyros."},
	{"lv", "Labdien, kopš vakardienas nevaru ieiet savā kontā. Lūdzu palīdziet."},
	{"et", "Tere, alates eilsest ei saa ma oma kontole sisse logida. Palun aidake."},
	{"", "12345 67890"},
	{"", "ok"},
	{"", "https://example.com/a/b anna@example.org"},
};
/* clang-format on */

static int
init(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	if (language_init(NULL, &err) == 0)
		return 0;
	print_error("%s\n", err.msg);
	return -1;
}

static void
test_cases(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = language_guess(str_c(cases[i].text));

		if (!str_eq(got, str_c(cases[i].tag))) {
			print_error("%s: got \"%.*s\" for %s\n", cases[i].tag,
			    STR_ARG(got), cases[i].text);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

/* A sentence of a hundred repetitions costs no more than its first few hundred letters; odd bytes do no harm. */
static void
test_long_and_odd(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_puts(&b, "Der Drucker druckt nicht mehr. ");
	assert_true(str_eq(language_guess(buf_str(&b)), S("de")));
	buf_reset(&b);
	for (int i = 0; i < 5000; i++)
		buf_putc(&b, (char)(i * 7));
	language_guess(buf_str(&b));
	buf_fini(&b);
}

static void
test_no_models(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	/* Already read: nothing is read again. */
	assert_int_equal(language_init("/nowhere", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_long_and_odd),
	    cmocka_unit_test(test_no_models),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
